// One measured run of requests against one server.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "load_histogram.hpp"
#include "load_protocol.hpp"

namespace load {

struct Workload {
    std::string server;  // HOST:PORT
    Protocol protocol = Protocol::checksum;
    Operation operation = Operation::insert;
    unsigned connections = 50;    // that send requests and are measured
    unsigned in_flight = 1;       // requests that a connection writes at once, then awaits
    std::uint64_t requests = 0;   // stop after so many; 0: no such end
    double seconds = 0;           // start no batch later than this; 0: no such end
    std::uint64_t keys = 100000;  // keys are drawn evenly from [0, keys)
    bool in_order = false;        // instead: 0, 1, 2, ..., each once
    std::size_t value_bytes = 32;
    unsigned validity = 60;     // seconds that an inserted entry lives
    unsigned idle = 0;          // connections that are open and silent
    unsigned trickling = 0;     // connections that send a byte of an endless message a second
    double reply_timeout = 10;  // seconds without any reply after which the run has failed
};

struct Outcome {
    std::uint64_t requests = 0;  // answered rightly
    std::uint64_t failed = 0;    // answered wrongly, or sent and not answered
    double seconds = 0;          // from the first request to the last answer
    Histogram latency;           // from the write of a request's batch to the read of its answer
    std::uint64_t trickled_bytes = 0;
    std::uint64_t trickling_reopened = 0;  // trickling connections that the server had ended
    std::string error;                     // the first failure, in words; empty if there is none
};

// Opens all connections, then sends and checks. Single-threaded; returns after `reply_timeout`
// without a reply at the latest. Throws std::exception if a connection cannot be opened.
Outcome run(const Workload& workload);

}  // namespace load
