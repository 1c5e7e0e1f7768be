#include "crypto/mac.hpp"

#include <cryptopp/hmac.h>
#include <cryptopp/misc.h>
#include <cryptopp/sha.h>
#include <sys/random.h>

#include <boost/system/system_error.hpp>
#include <cerrno>

namespace netcopy {
namespace {

const CryptoPP::byte* octets(Bytes bytes) {
    return reinterpret_cast<const CryptoPP::byte*>(bytes.data());
}

}  // namespace

Mac mac(const MacKey& key, Bytes message) {
    CryptoPP::HMAC<CryptoPP::SHA256> hmac(octets(key), key.size());
    hmac.Update(octets(message), message.size());
    Mac out;
    hmac.TruncatedFinal(reinterpret_cast<CryptoPP::byte*>(out.data()), out.size());
    return out;
}

bool mac_matches(const MacKey& key, Bytes message, Bytes claimed) {
    return equal_in_constant_time(mac(key, message), claimed);
}

bool equal_in_constant_time(Bytes left, Bytes right) {
    return left.size() == right.size() &&
           CryptoPP::VerifyBufsEqual(octets(left), octets(right), left.size());
}

void fill_random(MutableBytes bytes) {
    while (!bytes.empty()) {
        const ssize_t got = ::getrandom(bytes.data(), bytes.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            throw boost::system::system_error(errno, boost::system::system_category(),
                                              "cannot get random bytes");
        }
        bytes = bytes.subspan(static_cast<std::size_t>(got));
    }
}

MacKey random_mac_key() {
    MacKey key;
    fill_random(key);
    return key;
}

}  // namespace netcopy
