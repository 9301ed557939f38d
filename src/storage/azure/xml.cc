#include "storage/azure/xml.h"

#include <pugixml.hpp>

namespace cloudfolio::storage::azure {

struct XmlTree {
  pugi::xml_document document;
};

namespace {

pugi::xml_node node_of(void* node) {
  return pugi::xml_node(static_cast<pugi::xml_node_struct*>(node));
}

}  // namespace

XmlDocument::XmlDocument(std::unique_ptr<XmlTree> tree) : tree_(std::move(tree)) {}
XmlDocument::XmlDocument(XmlDocument&&) noexcept = default;
XmlDocument& XmlDocument::operator=(XmlDocument&&) noexcept = default;
XmlDocument::~XmlDocument() = default;

Result<XmlDocument> XmlDocument::parse(std::string_view text) {
  auto tree = std::make_unique<XmlTree>();
  // White space alone is text as well: a message may consist of it.
  const auto result = tree->document.load_buffer(text.data(), text.size(),
                                                 pugi::parse_default | pugi::parse_ws_pcdata_single,
                                                 pugi::encoding_utf8);
  if (!result)
    return Error(Code::corrupt,
                 std::string("the storage service's XML cannot be read: ") + result.description());
  return XmlDocument(std::move(tree));
}

XmlElement XmlDocument::root() const {
  return XmlElement(tree_->document.document_element().internal_object());
}

std::string XmlElement::name() const {
  return node_of(node_).name();
}

std::string XmlElement::text() const {
  std::string text;
  for (const pugi::xml_node part : node_of(node_).children())
    if (part.type() == pugi::node_pcdata || part.type() == pugi::node_cdata) text += part.value();
  return text;
}

std::string XmlElement::attribute(const char* name) const {
  return node_of(node_).attribute(name).value();
}

XmlElement XmlElement::child(const char* name) const {
  return XmlElement(node_of(node_).child(name).internal_object());
}

std::vector<XmlElement> XmlElement::children() const {
  std::vector<XmlElement> list;
  for (const pugi::xml_node part : node_of(node_).children())
    if (part.type() == pugi::node_element) list.push_back(XmlElement(part.internal_object()));
  return list;
}

std::string xml_escaped(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) {
    if (c == '&')
      escaped += "&amp;";
    else if (c == '<')
      escaped += "&lt;";
    else if (c == '>')
      escaped += "&gt;";
    else
      escaped += c;
  }
  return escaped;
}

}  // namespace cloudfolio::storage::azure
