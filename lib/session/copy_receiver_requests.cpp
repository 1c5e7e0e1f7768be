#include "file/safe_name.hpp"
#include "session/copy_error.hpp"
#include "session/copy_receiver.hpp"
#include "session/stamp.hpp"

/// What a receiver makes of the sender's requests.
namespace netcopy {
namespace {

constexpr std::size_t most_open_files = 64;      // of requests whose body has not begun
constexpr std::uint64_t negligible = 64 * 1024;  // bytes; room for these is not asked for

Existing existing(Overwrite rule) {
    switch (rule) {
        case Overwrite::never:
            return Existing::keep;
        case Overwrite::rename:
            return Existing::rename;
        case Overwrite::always:
        case Overwrite::newer:
            return Existing::replace;
    }
    return Existing::keep;
}

}  // namespace

/// Requests are numbered, and not too many may be open.
Result<> CopyReceiver::next(std::uint64_t n) {
    if (n != last_n_ + 1) return out_of_place("a new request", n);
    last_n_ = n;
    if (requests_.size() >= wire::copy_window || names_ > wire::copy_window_bytes) {
        return make_error(Errc::protocol, "the peer has too many requests under way");
    }
    return {};
}

Result<CopyReceiver::Request*> CopyReceiver::find(std::uint64_t n, Step step,
                                                  std::string_view verb) {
    const auto found = requests_.find(n);
    if (found == requests_.end() || found->second.step != step) return out_of_place(verb, n);
    return &found->second;
}

/// Calls what may need descriptors, once more if there are none: a commit closes those of the files
/// that wait.
template <class Operation>
auto CopyReceiver::sparing(Operation operation) {
    auto done = operation();
    if (!done && is_out_of_descriptors(done.error()) && something_waits()) {
        commit();
        done = operation();
    }
    return done;
}

Result<> CopyReceiver::take(const wire::CopyPut& put) {
    if (const auto fits = next(put.n); !fits) return fits;
    if (rules_.on_offer) {
        if (const auto wanted = rules_.on_offer(put); !wanted) return wanted;
    }
    Request& request = requests_[put.n];
    request.put = put;
    names_ += put.name.size();
    decide(put.n, !put.compare);
    return {};
}

/// `by_time`: equal size and time prove equality.
void CopyReceiver::decide(std::uint64_t n, bool by_time) {
    const wire::CopyPut& put = requests_.at(n).put;
    auto safe = rules_.flat ? safe_name(put.name) : safe_path(put.name);
    const bool stamps = rules_.stamp == Stamp::always;
    if (safe && stamps) safe = safe_name(stamped(last_component(put.name)));
    if (safe && rules_.allowed_name) safe = rules_.allowed_name(put.name);
    if (!safe) return no(n, "name", safe.error());
    if (put.size && *put.size > rules_.max_size) {
        return no(n, "size",
                  make_error(Errc::refused, "it is larger than --max-size allows there"));
    }
    if (put.sparse && put.size && *put.size > limits::sparse_size) {
        return no(n, "size", make_error(Errc::refused, "files with holes may have 16 TiB there"));
    }
    if (stamps) return want(n);  // what is there has another name
    const auto status = sparing([&] { return tree_.status(put.name); });
    if (!status) return fail(n, status.error());
    if (!*status) return want(n);
    const FileStatus& there = **status;
    const bool equal_size =
        there.kind == FileStatus::Kind::regular && put.size && there.size == *put.size;
    const auto known = known_digest(put.name);
    if (equal_size && by_time && !known && there.mtime == put.mtime) return same(n);
    const bool may_stay = put.compare || known || rules_.overwrite == Overwrite::never ||
                          rules_.overwrite == Overwrite::rename;
    if (!equal_size || !may_stay) return decide_by_rule(n, there);
    auto source = sparing([&] { return tree_.read(put.name); });
    if (!source) return fail(n, source.error());
    Request& request = requests_.at(n);
    request.hasher.emplace(std::move(*source), known ? known->first : digests_.front());
    request.step = Step::hashing;
    working_on_ = n;
}

/// Another file of that name is there.
void CopyReceiver::decide_by_rule(std::uint64_t n, const FileStatus& there) {
    const wire::CopyPut& put = requests_.at(n).put;
    const auto keep = [&](const char* what) { no(n, "exists", make_error(Errc::refused, what)); };
    if (rules_.overwrite == Overwrite::rename) {
        auto copy = renamed_copy(put);
        return copy ? same(n, std::move(*copy)) : want(n);
    }
    if (there.kind == FileStatus::Kind::folder) return keep("a folder of that name is there");
    if (rules_.overwrite == Overwrite::never) {
        return keep("another file of that name is there and stays (--overwrite never)");
    }
    if (rules_.overwrite == Overwrite::newer && there.mtime >= put.mtime) {
        return keep("the file there is at least as new and stays (--overwrite newer)");
    }
    want(n);
}

/// Where an earlier run has stored it already, if size and time prove that.
std::optional<std::string> CopyReceiver::renamed_copy(const wire::CopyPut& put) {
    const std::string_view component = last_component(put.name);
    const std::string way = put.name.substr(0, put.name.size() - component.size());
    const bool proven = put.size && !put.compare && !known_digest(put.name);
    for (unsigned k = 2; proven; ++k) {
        std::string name = way + renamed(component, k);
        const auto there = tree_.status(name);
        if (!there || !*there) break;
        const FileStatus& copy = **there;
        const bool regular = copy.kind == FileStatus::Kind::regular;
        if (regular && copy.size == *put.size && copy.mtime == put.mtime) return name;
    }
    return std::nullopt;
}

void CopyReceiver::want(std::uint64_t n) {
    Request& request = requests_.at(n);
    const wire::CopyPut& put = request.put;
    const std::uint64_t size = put.size.value_or(0);
    if (!request.quota.reserve(rules_.quota, size)) {
        return no(n, "quota", make_error(Errc::refused, "it does not fit into the --quota there"));
    }
    if (size > negligible && !put.sparse) {
        const auto room = tree_.free_space();
        if (room && size > *room) {
            return no(n, "space",
                      make_error(Errc::local_file, "it does not fit into the free space there"));
        }
    }
    request.step = Step::wanted;
    if (put.ask) {
        append(text_, wire::CopyWant{n, 0, 0});
        names_ -= put.name.size();
        requests_.erase(n);
        return;
    }
    // Only what may have been begun earlier is opened before its body comes.
    if (size >= resumable_size && open_files_ < most_open_files) {
        if (const auto created = create(request); !created) return fail(n, created.error());
        ++open_files_;
        if (request.file->kept() > 0) {
            request.step = Step::checking;
            working_on_ = n;
            append(text_, wire::CopyKept{n, request.file->kept()});
            return;
        }
    }
    append(text_, wire::CopyWant{n, 0, 0});
}

Result<> CopyReceiver::create(Request& request) {
    const wire::CopyPut& put = request.put;
    IncomingPlan plan;
    plan.size = put.size;
    plan.mtime = put.mtime;
    if (!put.bare) plan.mode = put.mode;
    plan.keep_mtime = !put.bare;
    plan.sparse = put.sparse;
    plan.existing = existing(rules_.overwrite);
    plan.same_bytes_once = rules_.same_bytes_once;
    auto file = sparing([&] { return tree_.create(put.name, plan); });
    if (!file) return file.error();
    request.file.emplace(std::move(*file));
    return {};
}

void CopyReceiver::check_some(std::uint64_t n) {
    Request& request = requests_.at(n);
    const auto checked = request.file->check_some();
    if (!checked) return fail(n, checked.error());
    if (!*checked) return;
    working_on_.reset();
    request.step = Step::wanted;
    append(text_, wire::CopyWant{n, request.file->kept(), request.file->kept_crc64()});
}

std::optional<KnownDigest> CopyReceiver::known_digest(std::string_view name) const {
    if (!rules_.known_digest) return std::nullopt;
    return rules_.known_digest(std::string(name));
}

void CopyReceiver::hash_some(std::uint64_t n) {
    Request& request = requests_.at(n);
    const auto hashed = request.hasher->hash_some();
    if (!hashed) return fail(n, hashed.error());
    if (!*hashed) return;
    working_on_.reset();
    if (const auto known = known_digest(request.put.name)) {
        const bool equal = request.hasher->hex() == known->second;
        request.hasher.reset();
        if (equal) {
            same(n);
        } else if (const auto status = tree_.status(request.put.name); !status) {
            fail(n, status.error());
        } else {
            *status ? decide_by_rule(n, **status) : want(n);
        }
        return;
    }
    request.step = Step::comparing;
    append(text_,
           wire::CopyHave{n, {std::string(to_string(digests_.front())), request.hasher->hex()}});
    request.hasher.reset();
}

Result<> CopyReceiver::take(const wire::CopyKeep& keep) {
    const auto request = find(keep.n, Step::comparing, "KEEP");
    if (!request) return request.error();
    const wire::CopyPut& put = (*request)->put;
    if (!put.bare && !put.ask) {
        const auto set = tree_.set_metadata(put.name, put.mode, put.mtime);
        if (!set) {
            fail(keep.n, set.error());
            return {};
        }
    }
    same(keep.n);
    return {};
}

Result<> CopyReceiver::take(const wire::CopyOther& other) {
    const auto request = find(other.n, Step::comparing, "OTHER");
    if (!request) return request.error();
    const auto status = tree_.status((*request)->put.name);
    if (!status) {
        fail(other.n, status.error());
    } else if (*status) {
        decide_by_rule(other.n, **status);
    } else {
        want(other.n);
    }
    return {};
}

Result<> CopyReceiver::take(const wire::CopyFolder& folder) {
    if (const auto fits = next(folder.n); !fits) return fits;
    if (rules_.flat) return refuse_in_flat(folder.n);
    const auto mode = folder.bare ? std::nullopt : std::optional(folder.mode);
    const auto mtime = folder.bare ? std::nullopt : std::optional(folder.mtime);
    made(folder.n, folder.name,
         sparing([&] { return tree_.make_folder(folder.name, mode, mtime); }));
    return {};
}

Result<> CopyReceiver::take(const wire::CopyLink& link) {
    if (const auto fits = next(link.n); !fits) return fits;
    if (rules_.flat) return refuse_in_flat(link.n);
    const bool replace = rules_.overwrite == Overwrite::always;
    made(link.n, link.name,
         sparing([&] { return tree_.make_link(link.name, link.target, link.mtime, replace); }));
    return {};
}

Result<> CopyReceiver::refuse_in_flat(std::uint64_t n) {
    append(text_, wire::CopyNo{n, "name", "there are no folders or links here, only files"});
    return {};
}

/// A folder or link: the word comes with the next sync.
void CopyReceiver::made(std::uint64_t n, std::string_view name, const Result<bool>& is_new) {
    if (!is_new) {
        std::string_view code = code_of(is_new.error());
        const auto there = tree_.status(name);  // none: the way to it is not allowed
        if (code == "name" && there && *there) code = "exists";
        append(text_, wire::CopyNo{n, std::string(code), is_new.error().context});
        return;
    }
    made_.push_back(n);
    wait_for_sync();
}

}  // namespace netcopy
