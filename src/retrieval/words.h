#pragma once
// Text as words for lexical ranking.
//
// A word is folded (case, accents, compatibility forms) and, where it is of Latin letters alone,
// cut to its English stem: "installing", "installs" and "installed" are "instal". An identifier
// gives its parts and itself: "parseHttpRequest" gives parse, http, request and parsehttprequest;
// "aho-corasick", "aho_corasick" and "AhoCorasick" give the same words. "c++", "c#" and "f#" are
// words. Characters of scripts without blanks (Han, Kana) are words of their own. Promises: the
// same for text and query; any bytes; linear. Stems: Snowball's English stemmer (Porter2),
// docs/decisions/snowball.md. A stem is for comparing, never for showing.

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace cloudfolio::retrieval {

inline constexpr std::size_t kWordBytesMax = 64;  // Longer ones are no words: dropped.

// Calls `take` for each word in order; the view lives until take returns.
void each_word(std::string_view text, const std::function<void(std::string_view)>& take);
std::vector<std::string> words_of(std::string_view text);

// Stems of English words that say nothing about what is asked: "the", "how", "what".
bool is_stop_word(std::string_view word);

// Case folded and compatibility forms, accents and all kinds of blanks made plain; nothing split
// off. For comparing names: fold("AHO-Corasick") == "aho-corasick".
std::string folded(std::string_view text);
// Letters and digits of folded(text) alone: "aho-corasick" and "AhoCorasick" squash to the same.
std::string squashed(std::string_view text);

}  // namespace cloudfolio::retrieval
