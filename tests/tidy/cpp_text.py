"""C++ as text: comments and literals blanked, functions found by their braces. Approximate, and enough."""
import re

LITERAL = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"([^(\s]*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n]){1,8}\'', re.S)
NOT_FUNCTIONS = re.compile(
    r"^\s*(namespace|class|struct|enum|union|if|for|while|switch|else|do|try|catch|return|extern|case)\b")
TYPE_OR_SPACE = re.compile(r"^\s*(template\s*<.*>\s*)?(inline\s+)?(namespace|class|struct|union|extern)\b", re.S)


def blanked(text):
    """The text with comments, strings and preprocessor lines as spaces; line numbers stay."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group(0))
    text = LITERAL.sub(blank, text)
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", blank, text, flags=re.M)


def functions(text):
    """(first line, last line) of every function body with its signature, lambdas inside not counted apart."""
    code = blanked(text)
    found = []
    stack = []  # (kind, where it begins)
    statement = 0
    for at, char in enumerate(code):
        if char == ";":
            statement = at + 1
        elif char == "{":
            head = code[statement:at]
            outer = all(kind == "scope" for kind, _ in stack)
            if TYPE_OR_SPACE.match(head):
                kind = "scope"
            elif outer and "(" in head and not NOT_FUNCTIONS.match(head):
                kind = "function"
            else:
                kind = "block"
            stack.append((kind, statement + len(head) - len(head.lstrip())))
            if kind == "scope":
                statement = at + 1
        elif char == "}":
            if stack:
                kind, first = stack.pop()
                if kind == "function" and re.match(r"\s*[,{]", code[at + 1:at + 200]):
                    statement = first  # A braced initialiser of a constructor: its body comes.
                    continue
                if kind == "function":
                    found.append((code.count("\n", 0, first) + 1, code.count("\n", 0, at) + 1))
            statement = at + 1
    return found
