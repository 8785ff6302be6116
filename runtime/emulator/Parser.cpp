#include "runtime/emulator/Syntax.h"
#include <algorithm>
#include <cstdlib>

namespace attn::emu {

namespace {

/// Recursive descent. After an error the rest of the statement is skipped, so
/// that one file shows several faults.
class Parser {
public:
  Parser(std::string_view text, std::vector<std::string> &errors) : errors(errors), tokens(tokenize(text, errors)) {}

  File file() {
    File result;
    while (peek().kind != Token::End && errors.size() < 50)
      item(result);
    return result;
  }

private:
  std::vector<std::string> &errors;
  std::vector<Token> tokens;
  size_t next = 0;
  bool failed = false;

  const Token &peek(size_t k = 0) const { return tokens[std::min(next + k, tokens.size() - 1)]; }
  Token take() { return tokens[std::min(next++, tokens.size() - 1)]; }
  bool accept(std::string_view s) {
    if (!peek().is(s))
      return false;
    ++next;
    return true;
  }
  void fail(const std::string &message) {
    if (!failed)
      errors.push_back("line " + std::to_string(peek().line) + ": " + message);
    failed = true;
  }
  void expect(std::string_view s) {
    if (!accept(s))
      fail("expected '" + std::string(s) + "', found '" + std::string(peek().text) + "'");
  }
  void skipLine() {
    uint32_t line = peek().line;
    while (peek().kind != Token::End && peek().line == line)
      ++next;
  }
  void recover() { // to the end of the statement
    while (peek().kind != Token::End && !peek().is(";") && !peek().is("}"))
      ++next;
    accept(";");
    failed = false;
  }
  int64_t integer() {
    bool minus = accept("-");
    Token t = take();
    if (t.kind != Token::Number) {
      fail("expected a number, found '" + std::string(t.text) + "'");
      return 0;
    }
    int64_t v = int64_t(std::strtoull(std::string(t.text).c_str(), nullptr, 0));
    return minus ? int64_t(-uint64_t(v)) : v;
  }

  void item(File &file) {
    Token t = peek();
    if (t.is(".target")) {
      take();
      file.target = take().text;
      while (accept(","))
        take();
    } else if (t.is(".version") || t.is(".address_size") || t.is(".file") || t.is(".loc")) {
      skipLine();
    } else if (t.is(".pragma") || t.is(".alias")) {
      recover();
    } else if (t.is(".section")) {
      skipSection();
    } else {
      bool external = false;
      while (peek().is(".visible") || peek().is(".extern") || peek().is(".weak") || peek().is(".common"))
        external |= take().is(".extern");
      if (accept(".entry"))
        function(file, true);
      else if (accept(".func"))
        function(file, false);
      else if (Space space; spaceNamed(peek().text, space)) {
        take();
        declaration(space, file.variables);
        for (Variable &v : file.variables)
          v.external |= external && &v == &file.variables.back();
        expect(";");
      } else {
        fail("expected a declaration, found '" + std::string(peek().text) + "'");
        take();
      }
      if (failed)
        recover();
    }
  }
  void skipSection() {
    while (peek().kind != Token::End && !peek().is("{"))
      ++next;
    int depth = 0;
    do {
      depth += peek().is("{") - peek().is("}");
      ++next;
    } while (depth && peek().kind != Token::End);
  }

  static bool spaceNamed(std::string_view s, Space &space) {
    static const std::pair<std::string_view, Space> names[] = {{".global", Space::Global}, {".shared", Space::Shared},
                                                               {".local", Space::Local},   {".const", Space::Const},
                                                               {".param", Space::Param},   {".reg", Space::Register}};
    for (auto &[name, value] : names)
      if (s == name) {
        space = value;
        return true;
      }
    return false;
  }

  /// What follows the state space: attributes, a type and one or more names.
  void declaration(Space space, std::vector<Variable> &out, bool single = false) {
    Variable v;
    v.space = space;
    while (peek().kind == Token::Word && peek().text[0] == '.') {
      Token t = take();
      std::string_view word = t.text.substr(1);
      if (word == "align")
        v.align = uint32_t(integer());
      else if (word == "v2" || word == "v4")
        v.vector = uint32_t(word[1] - '0');
      else if (Type type = typeNamed(word); type != Type::None)
        v.type = type;
      else if (word == "attribute") {
        while (!peek().is(")") && peek().kind != Token::End)
          ++next;
        expect(")");
      } else if (word != "ptr" && word != "global" && word != "shared" && word != "const" && word != "local" &&
                 word != "param") {
        fail("unknown attribute '" + std::string(t.text) + "'");
        return;
      }
    }
    if (v.type == Type::None)
      fail("a declaration without a type");
    do {
      Variable one = v;
      Token name = take();
      if (name.kind != Token::Word)
        fail("expected a name, found '" + std::string(name.text) + "'");
      one.name = name.text;
      one.line = name.line;
      if (accept("<")) {
        one.family = uint32_t(integer());
        if (one.family > 1u << 20)
          fail("too many registers");
        expect(">");
      }
      while (accept("[")) {
        one.array = true;
        if (!peek().is("]"))
          one.count *= uint64_t(integer());
        else
          one.count = 0;
        expect("]");
      }
      if (accept("="))
        one.init.push_back(operand());
      out.push_back(std::move(one));
    } while (!single && !failed && accept(","));
  }

  void parameters(std::vector<Variable> &out) {
    expect("(");
    while (!failed && !peek().is(")")) {
      Space space;
      if (!spaceNamed(peek().text, space)) {
        fail("expected a parameter, found '" + std::string(peek().text) + "'");
        break;
      }
      take();
      declaration(space, out, true);
      if (!accept(","))
        break;
    }
    expect(")");
  }

  void function(File &file, bool entry) {
    Function f;
    f.entry = entry;
    if (peek().is("("))
      parameters(f.results);
    f.line = peek().line;
    f.name = take().text;
    if (peek().is("("))
      parameters(f.parameters);
    while (!failed && peek().kind == Token::Word) {
      Token t = take();
      uint64_t product = 1, first = 0;
      for (bool begin = true; peek().kind == Token::Number; begin = false) {
        uint64_t value = uint64_t(integer());
        first = begin ? value : first;
        product *= value;
        if (!accept(","))
          break;
      }
      if (t.is(".maxntid") || t.is(".reqntid"))
        f.maxThreads = uint32_t(product);
      else if (t.is(".maxnreg"))
        f.maxRegisters = uint32_t(first);
      else if (t.is(".reqnctapercluster") && product != 1)
        fail("clusters of more than one CTA are not modelled");
      else if (t.is(".pragma"))
        recover();
    }
    if (!failed && accept("{")) {
      f.defined = true;
      body(f);
    } else {
      expect(";");
    }
    file.functions.push_back(std::move(f));
  }

  void body(Function &f) {
    for (int depth = 1; depth && errors.size() < 50;) {
      Token t = peek();
      if (t.kind == Token::End)
        return fail("the body of '" + std::string(f.name) + "' does not end");
      Statement s;
      s.line = t.line;
      if (accept("{")) {
        ++depth;
        s.kind = Statement::Open;
      } else if (accept("}")) {
        if (--depth == 0)
          return;
        s.kind = Statement::Close;
      } else if (t.kind == Token::Word && peek(1).is(":")) {
        s.kind = Statement::Label;
        s.name = take().text;
        take();
      } else if (t.is(".loc") || t.is(".file")) {
        skipLine();
        continue;
      } else if (t.is(".pragma") || t.is(".callprototype") || t.is(".calltargets")) {
        recover();
        continue;
      } else if (t.is(".branchtargets")) { // belongs to the label before it
        take();
        s.kind = Statement::Declare;
        s.name = t.text;
        do
          s.operands.push_back(operand());
        while (accept(","));
        expect(";");
      } else if (Space space; spaceNamed(t.text, space)) {
        take();
        s.kind = Statement::Declare;
        declaration(space, s.variables);
        expect(";");
      } else if (accept(";")) {
        continue;
      } else {
        instruction(s);
      }
      if (failed)
        recover();
      else
        f.body.push_back(std::move(s));
    }
  }

  void instruction(Statement &s) {
    s.kind = Statement::Instruction;
    if (accept("@")) {
      s.negated = accept("!");
      s.guard = take().text;
    }
    Token opcode = take();
    if (opcode.kind != Token::Word || opcode.text[0] == '.' || opcode.text[0] == '%')
      return fail("expected an instruction, found '" + std::string(opcode.text) + "'");
    s.line = opcode.line;
    s.name = opcode.text;
    if (!peek().is(";"))
      do
        s.operands.push_back(operand());
      while (!failed && accept(","));
    expect(";");
  }

  Operand operand() {
    Operand o;
    Token t = peek();
    auto parts = [&](std::string_view close) {
      take();
      if (!peek().is(close))
        do
          o.parts.push_back(operand());
        while (!failed && accept(","));
      expect(close);
    };
    if (t.is("{")) {
      o.kind = Operand::Vector;
      parts("}");
    } else if (t.is("(")) {
      o.kind = Operand::List;
      parts(")");
    } else if (t.is("[")) {
      o.kind = Operand::Address;
      parts("]");
      if (o.parts.empty())
        fail("an empty address");
      else
        std::swap(o.offset, o.parts[0].offset);
    } else if (t.is("!")) {
      take();
      o = operand();
      o.negated = true;
    } else if (t.is("-") || t.kind == Token::Number) {
      number(o);
    } else if (t.kind == Token::Word) {
      o.kind = Operand::Name;
      o.name = take().text;
      for (bool minus; peek().is("+") || (peek().is("-") && peek(1).kind == Token::Number);) {
        minus = take().is("-");
        int64_t value = integer();
        o.offset += minus ? -value : value;
      }
      if (accept("|")) {
        Operand pair;
        pair.kind = Operand::Pair;
        pair.parts.push_back(std::move(o));
        pair.parts.push_back(operand());
        return pair;
      }
    } else {
      fail("expected an operand, found '" + std::string(t.text) + "'");
      take();
    }
    return o;
  }

  void number(Operand &o) {
    bool minus = accept("-");
    if (peek().kind != Token::Number)
      return fail("expected a number, found '" + std::string(peek().text) + "'");
    std::string text(take().text);
    char second = text.size() > 1 && text[0] == '0' ? text[1] : '\0';
    if (second == 'f' || second == 'F' || second == 'd' || second == 'D') {
      o.kind = Operand::Bits;
      o.width = second == 'f' || second == 'F' ? 4 : 8;
      o.bits = std::strtoull(text.c_str() + 2, nullptr, 16);
      if (minus)
        o.bits ^= uint64_t(1) << (o.width * 8 - 1);
    } else if (second != 'x' && second != 'X' && text.find_first_of(".eE") != std::string::npos) {
      o.kind = Operand::Float;
      o.value = std::strtod(text.c_str(), nullptr);
      o.value = minus ? -o.value : o.value;
    } else {
      o.kind = Operand::Integer;
      bool binary = second == 'b' || second == 'B';
      o.bits = std::strtoull(text.c_str() + (binary ? 2 : 0), nullptr, binary ? 2 : 0);
      o.bits = minus ? -o.bits : o.bits;
    }
  }
};

} // namespace

File parseFile(std::string_view text, std::vector<std::string> &errors) { return Parser(text, errors).file(); }

} // namespace attn::emu
