#include "runtime/emulator/Syntax.h"

namespace attn::emu {

namespace {
bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' || c == '%'; }
} // namespace

std::vector<Token> tokenize(std::string_view text, std::vector<std::string> &errors) {
  std::vector<Token> tokens;
  tokens.reserve(text.size() / 4);
  uint32_t line = 1;
  size_t i = 0, n = text.size();
  auto at = [&](size_t k) { return k < n ? text[k] : '\0'; };
  while (i < n) {
    char c = text[i];
    if (c == '\n') {
      ++line, ++i;
    } else if (c == ' ' || c == '\t' || c == '\r' || c == '\0') {
      ++i;
    } else if (c == '/' && at(i + 1) == '/') {
      while (i < n && text[i] != '\n')
        ++i;
    } else if (c == '/' && at(i + 1) == '*') {
      size_t end = text.find("*/", i + 2);
      end = end == std::string_view::npos ? n : end + 2;
      for (; i < end; ++i)
        line += text[i] == '\n';
    } else if (c == '"') {
      size_t end = text.find('"', i + 1);
      end = end == std::string_view::npos ? n : end;
      tokens.push_back({Token::String, text.substr(i + 1, end - i - 1), line});
      i = end + 1;
    } else if (isDigit(c)) {
      size_t begin = i;
      bool hex = c == '0' && (at(i + 1) == 'x' || at(i + 1) == 'X' || at(i + 1) == 'f' || at(i + 1) == 'F' ||
                              at(i + 1) == 'd' || at(i + 1) == 'D');
      for (++i; i < n; ++i) {
        char d = text[i];
        bool exponent = !hex && (d == '+' || d == '-') && (text[i - 1] == 'e' || text[i - 1] == 'E');
        if (!isDigit(d) && !isLetter(d) && d != '.' && !exponent)
          break;
      }
      tokens.push_back({Token::Number, text.substr(begin, i - begin), line});
    } else if (isLetter(c) || (c == '.' && isLetter(at(i + 1)))) {
      size_t begin = i;
      for (++i; i < n; ++i) {
        if (at(i) == ':' && at(i + 1) == ':')
          ++i;
        else if (!isLetter(text[i]) && !isDigit(text[i]) && text[i] != '.')
          break;
      }
      tokens.push_back({Token::Word, text.substr(begin, i - begin), line});
    } else if (std::string_view("{}[]()<>,;:+-*=@!|").find(c) != std::string_view::npos) {
      tokens.push_back({Token::Punct, text.substr(i, 1), line});
      ++i;
    } else {
      errors.push_back("line " + std::to_string(line) + ": unexpected character '" + std::string(1, c) + "'");
      ++i;
    }
  }
  tokens.push_back({Token::End, "end of file", line});
  return tokens;
}

} // namespace attn::emu
