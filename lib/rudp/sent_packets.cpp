#include "rudp/sent_packets.hpp"

#include <algorithm>

namespace netcopy::rudp {

void SentPackets::push(const SentPacket& packet) {
    if (next_ - first_ == ring_.size()) grow();
    (*this)[next_++] = packet;
    if (packet.status == SentPacket::Status::in_flight) {
        in_flight_ += packet.size;
        ++packets_in_flight_;
    }
}

void SentPackets::set_status(std::uint64_t number, SentPacket::Status status) {
    SentPacket& packet = (*this)[number];
    if (packet.status == SentPacket::Status::in_flight) {
        in_flight_ -= packet.size;
        --packets_in_flight_;
    }
    packet.status = status;
}

void SentPackets::forget(Time lost_before) {
    for (; first_ < next_; ++first_) {
        const SentPacket& packet = (*this)[first_];
        if (packet.status == SentPacket::Status::in_flight) return;
        if (packet.status == SentPacket::Status::lost && packet.sent >= lost_before && !full()) {
            return;
        }
    }
}

void SentPackets::grow() {
    std::vector<SentPacket> larger(std::max<std::size_t>(256, 2 * ring_.size()));
    for (std::uint64_t number = first_; number < next_; ++number) {
        larger[number & (larger.size() - 1)] = (*this)[number];
    }
    ring_.swap(larger);
}

}  // namespace netcopy::rudp
