#include "net/udp_batch.hpp"

#include <algorithm>

namespace netcopy {

UdpBatch::UdpBatch() : buffer_(std::make_unique_for_overwrite<std::byte[]>(capacity)) {
    pieces_.reserve(max_packets);
}

bool UdpBatch::fits(std::size_t size) const {
    return packets_ < max_packets && size <= max_packet && size + udp_seal_size <= capacity - used_;
}

MutableBytes UdpBatch::room(std::size_t size) {
    if (!fits(size)) return {};
    return {buffer_.get() + used_, size};
}

void UdpBatch::add(const UdpPath& to, std::size_t size) {
    const std::size_t datagram = size + udp_seal_size;
    Piece* const last = pieces_.empty() ? nullptr : &pieces_.back();
    const bool joins = last != nullptr && last->sealed && last->path == to &&
                       datagram <= last->segment &&
                       last->bytes == last->count * last->segment &&  // no shorter one before
                       last->count < max_segments && last->bytes + datagram <= max_datagram;
    if (joins) {
        last->bytes += datagram;
        ++last->count;
    } else {
        pieces_.push_back({to, used_, datagram, datagram, 1, true});
    }
    used_ += datagram;
    ++packets_;
}

void UdpBatch::add_bare(const UdpPath& to, std::size_t size) {
    pieces_.push_back({to, used_, size, size, 1, false});
    used_ += size;
    ++packets_;
}

void UdpBatch::seal() {
    for (const Piece& piece : pieces_) {
        if (!piece.sealed) continue;
        MutableBytes rest = of(piece);
        while (!rest.empty()) {
            const std::size_t size = std::min(piece.segment, rest.size());
            seal_datagram(rest.first(size));
            rest = rest.subspan(size);
        }
    }
}

void UdpBatch::clear() {
    pieces_.clear();
    used_ = packets_ = 0;
}

}  // namespace netcopy
