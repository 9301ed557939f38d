#pragma once
// Text as BERT's uncased tokenizer sees it before it looks for pieces.
//
// Follows BertNormalizer and BertPreTokenizer of Hugging Face's tokenizers, whose Unicode tables
// are of several versions: unicode_differences.inc holds where they differ from utf8proc's.

#include <string>
#include <string_view>

namespace cloudfolio::encoder {

// Cleaned, CJK characters set apart by spaces, accents stripped, in lower case. Every white space
// is U+0020. Bytes that are not UTF-8 are dropped.
std::u32string normalized(std::string_view utf8);

// Stands alone between words.
bool is_punctuation(char32_t c);

}  // namespace cloudfolio::encoder
