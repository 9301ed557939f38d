#pragma once
// Bytes that nobody can guess, from OpenSSL's generator: for keys, tokens and ids that must not
// collide between processes. Chance that a test must be able to repeat comes from base/random.h
// instead.

#include <cstddef>
#include <string>

namespace cloudfolio::crypto {

std::string random_bytes(std::size_t count);
// Lower-case hex of `byte_count` random bytes.
std::string random_hex(std::size_t byte_count);
// A version 4 UUID (RFC 4122), lower case: "f81d4fae-7dec-41d0-a765-00a0c91e6bf6".
std::string random_uuid();

}  // namespace cloudfolio::crypto
