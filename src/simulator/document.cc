#include "simulator/document.h"

#include <charconv>

namespace cloudfolio::simulator {
namespace {

bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

struct Token {
  enum class Kind { end, name, number, text, punctuator };
  Kind kind = Kind::end;
  std::string text;
  Place place;
};

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}

  Result<Token> next() {
    skip_ignored();
    Token token;
    token.place = place_;
    if (at_ >= source_.size()) return token;
    const char c = source_[at_];
    if (is_name_start(c)) {
      token.kind = Token::Kind::name;
      while (at_ < source_.size() && (is_name_start(source_[at_]) || is_digit(source_[at_])))
        token.text += take();
      return token;
    }
    if (is_digit(c) || c == '-') {
      token.kind = Token::Kind::number;
      while (at_ < source_.size() &&
             (is_digit(source_[at_]) ||
              std::string_view("+-.eE").find(source_[at_]) != std::string_view::npos))
        token.text += take();
      return token;
    }
    if (c == '"') return read_string();
    token.kind = Token::Kind::punctuator;
    if (source_.substr(at_, 3) == "...") {
      token.text = "...";
      take(), take(), take();
      return token;
    }
    if (std::string_view("!$()&:=@[]{|}").find(c) == std::string_view::npos)
      return Error(Code::invalid_argument, "Parse error on " + quoted(std::string(1, c)) + where());
    token.text = take();
    return token;
  }

  std::string where() const {
    return " at [" + std::to_string(place_.line) + ", " + std::to_string(place_.column) + "]";
  }

 private:
  static std::string quoted(const std::string& text) { return "\"" + text + "\""; }
  char take() {
    const char c = source_[at_++];
    if (c == '\n') {
      ++place_.line;
      place_.column = 1;
    } else {
      ++place_.column;
    }
    return c;
  }
  void skip_ignored() {
    while (at_ < source_.size()) {
      const char c = source_[at_];
      if (c == '#')
        while (at_ < source_.size() && source_[at_] != '\n') take();
      else if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ',')
        take();
      else
        return;
    }
  }
  Result<Token> read_string() {
    Token token{Token::Kind::text, "", place_};
    const std::size_t from = at_;
    take();
    while (at_ < source_.size() && source_[at_] != '"' && source_[at_] != '\n') {
      if (take() == '\\' && at_ < source_.size()) take();
    }
    if (at_ >= source_.size() || source_[at_] != '"')
      return Error(Code::invalid_argument, "Parse error: unterminated string" + where());
    take();
    // The escapes are JSON's.
    auto parsed = json::parse(source_.substr(from, at_ - from));
    if (!parsed || !parsed->is_string())
      return Error(Code::invalid_argument, "Parse error: bad string" + where());
    token.text = std::string(json::view(parsed->get_string()));
    return token;
  }

  std::string_view source_;
  std::size_t at_ = 0;
  Place place_;
};

class Parser {
 public:
  explicit Parser(std::string_view source) : lexer_(source) {}

  Result<Document> parse() {
    Document document;
    CF_CHECK(advance());
    while (token_.kind != Token::Kind::end) {
      if (is("fragment")) {
        CF_TRY(Fragment fragment, fragment_definition());
        const std::string name = fragment.name;
        if (!document.fragments.emplace(name, std::move(fragment)).second)
          return Error(Code::invalid_argument, "Fragment name \"" + name + "\" must be unique");
      } else {
        CF_TRY(Operation operation, operation_definition());
        document.operations.push_back(std::move(operation));
      }
    }
    if (document.operations.empty())
      return Error(Code::invalid_argument,
                   "A query attribute must be specified and must be a string.");
    return document;
  }

 private:
  bool is(std::string_view text) const {
    return token_.text == text && token_.kind != Token::Kind::text;
  }
  Error unexpected() const {
    return Error(Code::invalid_argument, "Parse error on \"" + token_.text + "\" at [" +
                                             std::to_string(token_.place.line) + ", " +
                                             std::to_string(token_.place.column) + "]");
  }
  Status advance() {
    CF_TRY(token_, lexer_.next());
    return Done{};
  }
  Status expect(std::string_view text) {
    if (!is(text)) return unexpected();
    return advance();
  }
  Result<std::string> name() {
    if (token_.kind != Token::Kind::name) return unexpected();
    std::string text = token_.text;
    CF_CHECK(advance());
    return text;
  }

  Result<Fragment> fragment_definition() {
    Fragment fragment;
    fragment.place = token_.place;
    CF_CHECK(expect("fragment"));
    CF_TRY(fragment.name, name());
    CF_CHECK(expect("on"));
    CF_TRY(fragment.on_type, name());
    CF_TRY(fragment.selections, selection_set(0));
    return fragment;
  }

  Result<Operation> operation_definition() {
    Operation operation;
    if (is("{")) {
      CF_TRY(operation.selections, selection_set(0));
      return operation;
    }
    if (!is("query")) return unexpected();
    CF_CHECK(advance());
    if (token_.kind == Token::Kind::name) {
      CF_TRY(operation.name, name());
    }
    if (is("(")) {
      CF_CHECK(advance());
      while (!is(")")) {
        CF_TRY(VariableDefinition variable, variable_definition());
        operation.variables.push_back(std::move(variable));
      }
      CF_CHECK(advance());
    }
    CF_TRY(operation.selections, selection_set(0));
    return operation;
  }

  Result<VariableDefinition> variable_definition() {
    VariableDefinition variable;
    variable.place = token_.place;
    CF_CHECK(expect("$"));
    CF_TRY(variable.name, name());
    CF_CHECK(expect(":"));
    while (is("[") || is("]") || is("!") || token_.kind == Token::Kind::name) {
      variable.type += token_.text;
      CF_CHECK(advance());
    }
    if (is("=")) {
      CF_CHECK(advance());
      CF_TRY(variable.otherwise, input(0));
    }
    return variable;
  }

  Result<std::vector<Selection>> selection_set(std::size_t depth) {
    if (depth > kSelectionDepthMax)
      return Error(Code::invalid_argument, "Query is nested too deeply");
    std::vector<Selection> selections;
    CF_CHECK(expect("{"));
    while (!is("}")) {
      CF_TRY(Selection selection, one_selection(depth));
      selections.push_back(std::move(selection));
    }
    if (selections.empty()) return unexpected();
    CF_CHECK(advance());
    return selections;
  }

  Result<Selection> one_selection(std::size_t depth) {
    Selection selection;
    selection.place = token_.place;
    if (is("...")) {
      CF_CHECK(advance());
      selection.kind = Selection::Kind::inline_fragment;
      if (is("on")) {
        CF_CHECK(advance());
        CF_TRY(selection.on_type, name());
      } else if (token_.kind == Token::Kind::name) {
        selection.kind = Selection::Kind::fragment;
        CF_TRY(selection.name, name());
      }
      CF_TRY(selection.directives, directives());
      if (selection.kind == Selection::Kind::inline_fragment) {
        CF_TRY(selection.selections, selection_set(depth + 1));
      }
      return selection;
    }
    CF_TRY(selection.name, name());
    selection.alias = selection.name;
    if (is(":")) {
      CF_CHECK(advance());
      CF_TRY(selection.name, name());
    }
    if (is("(")) {
      CF_TRY(selection.arguments, arguments());
    }
    CF_TRY(selection.directives, directives());
    if (is("{")) {
      CF_TRY(selection.selections, selection_set(depth + 1));
    }
    return selection;
  }

  Result<std::vector<Argument>> arguments() {
    std::vector<Argument> out;
    CF_CHECK(expect("("));
    while (!is(")")) {
      Argument argument;
      argument.place = token_.place;
      CF_TRY(argument.name, name());
      CF_CHECK(expect(":"));
      CF_TRY(argument.value, input(0));
      out.push_back(std::move(argument));
    }
    CF_CHECK(advance());
    return out;
  }

  Result<std::vector<Directive>> directives() {
    std::vector<Directive> out;
    while (is("@")) {
      CF_CHECK(advance());
      Directive directive;
      CF_TRY(directive.name, name());
      if (is("(")) {
        CF_TRY(directive.arguments, arguments());
      }
      out.push_back(std::move(directive));
    }
    return out;
  }

  Result<Input> input(std::size_t depth) {
    if (depth > kSelectionDepthMax)
      return Error(Code::invalid_argument, "Value is nested too deeply");
    Input value;
    if (is("$")) {
      CF_CHECK(advance());
      value.kind = Input::Kind::variable;
      CF_TRY(value.variable, name());
      return value;
    }
    if (is("[") || is("{")) return composite_input(depth);
    switch (token_.kind) {
      case Token::Kind::text:
        value.literal = token_.text;
        break;
      case Token::Kind::number: {
        auto number = json::parse(token_.text);
        if (!number) return unexpected();
        value.literal = *std::move(number);
        break;
      }
      case Token::Kind::name:
        if (token_.text == "true" || token_.text == "false") {
          value.literal = token_.text == "true";
        } else if (token_.text == "null") {
          value.literal = nullptr;
        } else {
          value.kind = Input::Kind::enumerator;
          value.literal = token_.text;
        }
        break;
      case Token::Kind::end:
      case Token::Kind::punctuator:
        return unexpected();
    }
    CF_CHECK(advance());
    return value;
  }

  Result<Input> composite_input(std::size_t depth) {
    Input value;
    const bool is_list = is("[");
    value.kind = is_list ? Input::Kind::list : Input::Kind::object;
    CF_CHECK(advance());
    while (!is(is_list ? "]" : "}")) {
      std::string key;
      if (!is_list) {
        CF_TRY(key, name());
        CF_CHECK(expect(":"));
      }
      CF_TRY(Input element, input(depth + 1));
      if (is_list)
        value.list.push_back(std::move(element));
      else
        value.object.push_back({std::move(key), std::move(element)});
    }
    CF_CHECK(advance());
    return value;
  }

  Lexer lexer_;
  Token token_;
};

}  // namespace

Result<Document> parse_document(std::string_view text) {
  if (text.size() > kDocumentBytesMax)
    return Error(Code::invalid_argument, "Query is larger than the limit");
  return Parser(text).parse();
}

}  // namespace cloudfolio::simulator
