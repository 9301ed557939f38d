#pragma once
// The words of a handover over a Unix socket that keeps messages apart. Internal to this room.
//
// Errors: unavailable: no word in time, the other side is gone, or it said something else.

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"
#include "roles/store_lock.h"
#include "runtime/descriptor.h"

namespace cloudfolio::roles {

struct Word {
  std::string text;
  runtime::Descriptor descriptor;  // What came with it, if any.
};

Status say_word(int socket, std::string_view text, int descriptor = -1);
Result<Word> hear_word(int socket, std::chrono::milliseconds longest);
Result<Word> expect_word(int socket, std::string_view text, std::chrono::milliseconds longest);

// A socket of the right kind, and its address: the path may be longer than an address holds, so it
// goes through the open folder.
struct HandoverAddress {
  static Result<HandoverAddress> of(const std::filesystem::path& data, StoreLock::Of what);
  runtime::Descriptor folder;
  std::filesystem::path file;  // The socket's name in the folder.
  std::string path;            // Usable while `folder` is open.
};
Result<runtime::Descriptor> make_handover_socket();
Status bind_handover_socket(int socket, const HandoverAddress& address);
// Code::not_found where nobody listens there.
Status connect_handover_socket(int socket, const HandoverAddress& address);
// permission_denied unless the process at the other end is this user's.
Status check_same_user(int socket);

}  // namespace cloudfolio::roles
