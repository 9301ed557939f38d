#pragma once
// Reading the services' XML, and writing text into XML. White space is kept as it is.
//
// Entities that a document declares itself are not expanded, and no other document is ever fetched.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cloudfolio::storage::azure {

struct XmlTree;

// A part of an XmlDocument; lives as long as it. An absent element has no name, text or children.
class XmlElement {
 public:
  XmlElement() = default;
  std::string name() const;
  std::string text() const;
  // "" without it.
  std::string attribute(const char* name) const;
  XmlElement child(const char* name) const;
  std::string text_of(const char* child_name) const { return child(child_name).text(); }
  std::vector<XmlElement> children() const;

 private:
  friend class XmlDocument;
  explicit XmlElement(void* node) : node_(node) {}
  void* node_ = nullptr;
};

class XmlDocument {
 public:
  // Code::corrupt where it is no well-formed XML.
  static Result<XmlDocument> parse(std::string_view text);
  XmlDocument(XmlDocument&&) noexcept;
  XmlDocument& operator=(XmlDocument&&) noexcept;
  ~XmlDocument();
  XmlElement root() const;

 private:
  explicit XmlDocument(std::unique_ptr<XmlTree> tree);
  std::unique_ptr<XmlTree> tree_;
};

// `& < >` as entities.
std::string xml_escaped(std::string_view text);

}  // namespace cloudfolio::storage::azure
