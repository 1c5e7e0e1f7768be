#include <algorithm>
#include <vector>

#include "file/read_through.hpp"
#include "session/copy_receiver.hpp"
#include "session/stamp.hpp"

/// What a receiver makes of a body.
namespace netcopy {
namespace {

constexpr std::uint64_t stretch = 32 << 20;  // bytes hashed in one go

}  // namespace

Result<> CopyReceiver::take(const wire::CopyData& data) {
    if (!body_) {
        if (const auto begun = begin_body(data.n, data.offset); !begun) return begun;
    }
    if (body_->n != data.n || body_->sum) {
        return make_error(Errc::protocol, "the peer mixed the bytes of two files");
    }
    const Request& request = requests_.at(data.n);
    if (request.step == Step::skipping) {  // on its way before our NO was heard
        body_->left = data.length;
        return {};
    }
    const std::uint64_t most = request.put.size.value_or(rules_.max_size);
    if (data.offset < body_->position || data.offset > most || data.length > most - data.offset) {
        if (request.put.size || data.offset < body_->position) {
            return make_error(Errc::protocol,
                              "the peer sent bytes that are not between those before and the end");
        }
        no(data.n, "size", make_error(Errc::refused, "it is larger than --max-size allows there"));
    }
    body_->left = data.length;
    if (requests_.at(data.n).step == Step::receiving) go_to(data.offset);
    return {};
}

/// `offset` tells whether the sender goes on with what is here.
Result<> CopyReceiver::begin_body(std::uint64_t n, std::uint64_t offset) {
    const auto found = find(n, Step::wanted, "DATA");
    if (!found) return found.error();
    Request& request = **found;
    body_.emplace();
    body_->n = n;
    request.step = Step::receiving;
    request.began = Clock::now();
    if (rules_.on_begun) rules_.on_begun(peer_, request.put.name, request.put.size.value_or(0));
    Result<> opened;
    const bool offered = request.file.has_value();  // what is kept of it
    if (offered) {
        --open_files_;
    } else {
        opened = create(request);
    }
    if (opened && request.file->kept() > 0) {
        if (!offered || offset == 0) {
            opened = request.file->start_over();
        } else if (offset != request.file->kept()) {
            return make_error(Errc::protocol, "the peer goes on at a place that was not offered");
        } else {
            body_->position = request.file->kept();
            request.resumed = true;
        }
    }
    if (!request.resumed) body_->digests.emplace(hashed_, request.put.size.value_or(0));
    if (!opened) fail(n, opened.error());
    return {};
}

void CopyReceiver::take_bytes(Bytes bytes) {
    body_->left -= bytes.size();
    Request& request = requests_.at(body_->n);
    if (request.step == Step::skipping) return;
    const std::uint64_t at = body_->position;
    body_->position += bytes.size();
    request.bytes += bytes.size();
    if (!request.put.size && rules_.quota && !request.quota.reserve(rules_.quota, bytes.size())) {
        return no(body_->n, "quota",
                  make_error(Errc::refused, "it does not fit into the --quota there"));
    }
    if (body_->digests) body_->digests->update(bytes);
    if (const auto written = request.file->write_at(at, bytes); !written) {
        fail(body_->n, written.error());
    }
}

/// The next bytes belong there; what is left out is zeros.
void CopyReceiver::go_to(std::uint64_t offset) {
    if (offset == body_->position) return;
    if (!body_->digests) {
        body_->position = offset;
        return;
    }
    body_->hole_end = offset;
    requests_.at(body_->n).step = Step::filling;
    working_on_ = body_->n;
}

void CopyReceiver::fill_some() {
    for (std::uint64_t done = 0; done < stretch && body_->position < body_->hole_end;) {
        const Bytes hole = zeros(body_->hole_end - body_->position);
        body_->digests->update(hole);
        body_->position += hole.size();
        done += hole.size();
    }
    if (body_->position < body_->hole_end) return;
    requests_.at(body_->n).step = Step::receiving;
    working_on_.reset();
    if (body_->sum) end_body();
}

Result<> CopyReceiver::take(const wire::CopySum& sum) {
    if (!body_) {  // nothing but zeros, or nothing at all
        if (const auto begun = begin_body(sum.n, 0); !begun) return begun;
    }
    Request& request = requests_.at(body_->n);
    if (body_->n != sum.n || body_->sum || sum.size < body_->position ||
        (request.put.size && sum.size != *request.put.size)) {
        return make_error(Errc::protocol, "the peer's SUM does not fit its file");
    }
    if (request.step == Step::skipping) {
        names_ -= request.put.name.size();
        requests_.erase(sum.n);
        body_.reset();
        return {};
    }
    body_->sum = sum;
    go_to(sum.size);
    if (request.step == Step::receiving) end_body();
    return {};
}

void CopyReceiver::end_body() {
    if (body_->digests) return compare();
    requests_.at(body_->n).step = Step::verifying;  // part of it came another time
    body_->digests.emplace(hashed_, body_->sum->size);
    working_on_ = body_->n;
}

/// What is on the disk is what counts.
void CopyReceiver::verify_some() {
    const std::uint64_t n = body_->n;
    Request& request = requests_.at(n);
    static thread_local std::vector<std::byte> buffer;
    const std::uint64_t size = body_->sum->size;
    if (body_->verified == 0) {
        // Holes at the end are not there to be read before the size is set.
        if (const auto sized = request.file->finish(size); !sized) return fail(n, sized.error());
    }
    const std::uint64_t end = std::min(size, body_->verified + stretch);
    const auto read = read_through(*request.file, body_->verified, end, buffer,
                                   [this](Bytes bytes) { body_->digests->update(bytes); });
    if (!read) return fail(n, read.error());
    body_->verified = *read;
    if (*read == end && end < size) return;
    working_on_.reset();
    compare();
}

/// Every digest that was agreed on has to be there and right.
void CopyReceiver::compare() {
    const std::uint64_t n = body_->n;
    Request& request = requests_.at(n);
    request.digests = body_->digests->finish();
    for (const auto& [kind, ours] : request.digests) {
        if (std::ranges::find(digests_, kind) == digests_.end()) continue;  // for us alone
        const auto theirs =
            std::ranges::find(body_->sum->digests, to_string(kind), &wire::CopyDigest::first);
        if (theirs != body_->sum->digests.end() && theirs->second == ours) continue;
        request.file->discard();
        return no(n, "corrupted",
                  make_error(Errc::corrupted,
                             "the " + std::string(to_string(kind)) + " of what arrived is " + ours +
                                 ", not " +
                                 (theirs == body_->sum->digests.end() ? "said" : theirs->second)));
    }
    if (const auto allowed = judge(request); !allowed) {
        request.file->discard();
        const bool corrupted = allowed.error() == Errc::corrupted;
        return no(n, corrupted ? "corrupted" : "collision", allowed.error());
    }
    if (!request.resumed) {  // else verify_some() has done it
        const auto sized = request.file->finish(body_->sum->size);
        if (!sized) return fail(n, sized.error());
    }
    if (rules_.stamp == Stamp::always) {
        request.file->retarget(stamped(last_component(request.put.name)), Existing::rename);
    }
    request.step = Step::complete;
    batch_.add(n, std::move(*request.file));
    request.file.reset();
    body_.reset();
    wait_for_sync();
}

/// What is proven to have arrived may still not be what is wanted here.
Result<> CopyReceiver::judge(Request& request) const {
    const std::string& name = request.put.name;
    if (const auto known = known_digest(name)) {
        const auto ours =
            std::ranges::find(request.digests, known->first, &Digests::value_type::first);
        if (ours == request.digests.end() || ours->second != known->second) {
            return make_error(Errc::corrupted, "the " + std::string(to_string(known->first)) +
                                                   " of what arrived is not " + known->second +
                                                   ", which was asked for");
        }
    }
    if (!rules_.before_commit) return {};
    auto claim = rules_.before_commit(name, request.digests);
    if (!claim) return claim.error();
    request.claim = std::move(*claim);
    return {};
}

/// The sender gives up. Of a source that changed nothing is worth keeping.
Result<> CopyReceiver::take(const wire::CopyDrop& drop) {
    const auto found = requests_.find(drop.n);
    const bool in_body = body_ && body_->n == drop.n;
    if (found == requests_.end() || (body_ && !in_body && found->second.step == Step::receiving)) {
        return make_error(Errc::protocol, "the peer dropped what it does not send");
    }
    Request& request = found->second;
    if (request.step == Step::complete) {
        return make_error(Errc::protocol, "the peer dropped what it had sent");
    }
    if (request.step == Step::skipping) {
        names_ -= request.put.name.size();
        requests_.erase(found);
        body_.reset();
        return {};
    }
    if (drop.code == "changed" && request.file) request.file->discard();
    if (request.file && !in_body) --open_files_;
    if (in_body) body_.reset();
    const Error error = make_error(Errc::failed, "the sender gave it up: " + escape(drop.text));
    append(text_, wire::CopyNo{drop.n, drop.code, drop.text});
    report(request, error, false);
    if (working_on_ == drop.n) working_on_.reset();
    names_ -= request.put.name.size();
    requests_.erase(found);
    return {};
}

}  // namespace netcopy
