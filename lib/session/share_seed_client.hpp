#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/progress.hpp"
#include "crypto/digest.hpp"
#include "file/source.hpp"
#include "file/tree.hpp"
#include "net/dial.hpp"
#include "net/disk_pool.hpp"
#include "net/endpoint.hpp"
#include "net/pump.hpp"

namespace netcopy {

struct ShareSeedPlan {
    Endpoint endpoint;
    DialOptions dialing;        ///< of each connection
    StallLimit stall;           ///< also: how long an answer is awaited
    RateLimit* rate = nullptr;  ///< none: no limit
};

/// A file in the server's list.
struct ShareSeedFile {
    std::string id;          ///< 32 lower-case hex digits: the file's MD5
    std::string name;        ///< as the server has it: not judged, not escaped
    std::uint64_t size = 0;  ///< bytes
};

/// Where a download goes: exactly one of the two.
struct ShareSeedTarget {
    Tree* tree = nullptr;                ///< in its root, under the listed name
    Existing existing = Existing::keep;  ///< of a file with that name and other bytes
    Consume take;                        ///< all bytes in order, as they come, before the verdict
};

struct ShareSeedUploaded {
    Digests digests;     ///< of what was sent: MD5 and SHA-256
    std::string theirs;  ///< the server's MD5, lower case
};
struct ShareSeedDownloaded {
    std::string name;   ///< as stored: another than listed with Existing::rename
    Digests digests;    ///< of what came, or was there: MD5; with `take` SHA-256 too
    bool same = false;  ///< that very file was there already, nothing was asked for
};

/// The client's side of the share protocol (seed 001; docs/protocol/share.md), towards servers of
/// any make: one connection, opened when it is needed and again when the server has closed it
/// behind a command. One call at a time, on one network thread; several clients may share a
/// `disk`. A call that fails drops the connection; the next one opens another.
///
/// Errors: unreachable, timed_out, connection_lost, protocol, refused (by the server; or a name
/// that this wire cannot say, or that is not safe; or what is there under that name), corrupted
/// (the MD5s differ), local_file.
class ShareSeedClient {
public:
    ShareSeedClient(ShareSeedPlan plan, DiskPool& disk);
    ~ShareSeedClient();  ///< drops the connection

    /// Calls `each` for every file of the server's list, as it comes.
    Task<Result<>> list(std::function<void(ShareSeedFile)> each);

    /// Under `name`, which is one component. Errc::corrupted when the server's MD5 is another than
    /// that of the bytes that were read; Errc::local_file too when the source changed meanwhile.
    Task<Result<ShareSeedUploaded>> upload(FileSource& source, std::string name,
                                           Progress& progress);

    /// `file` is from list(): its size tells where the content ends, its id is what the content is
    /// verified by. Nothing unverified gets a name in a tree.
    Task<Result<ShareSeedDownloaded>> download(ShareSeedFile file, ShareSeedTarget target,
                                               Progress& progress);

    /// Says good-bye, and hears what a server may still have to say: to some of them a connection
    /// that is closed on their last words is a failure. Afterwards as before the first call.
    Task<> close();

    const std::string& peer() const;  ///< ADDRESS:PORT once connected, before that as given

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace netcopy
