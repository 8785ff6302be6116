// PTX as written: files, functions, statements and operands.
#pragma once
#include "runtime/emulator/Types.h"
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace attn::emu {

struct Token {
  enum Kind : uint8_t { End, Word, Number, String, Punct } kind = End;
  std::string_view text;
  uint32_t line = 0;
  bool is(std::string_view s) const { return kind != String && text == s; }
};

/// Splits PTX text; comments and blanks vanish. A word may hold '.', "::", '%'
/// and '$', so that an opcode with its modifiers is one word.
std::vector<Token> tokenize(std::string_view text, std::vector<std::string> &errors);

struct Operand {
  enum Kind : uint8_t {
    Name,    ///< register, special register, variable, label; `_` too
    Integer, ///< bits
    Float,   ///< value, of the type that the instruction asks for
    Bits,    ///< 0f or 0d literal: bits, with `width` 4 or 8
    Address, ///< [parts[0] + offset] or [parts[0], parts[1]...]
    Vector,  ///< {parts...}
    Pair,    ///< parts[0] | parts[1]
    List,    ///< (parts...), of a call
  } kind = Integer;
  bool negated = false; ///< !name
  uint8_t width = 0;
  std::string_view name;
  uint64_t bits = 0;
  double value = 0;
  int64_t offset = 0; ///< name + offset
  std::vector<Operand> parts;
  bool isSink() const { return kind == Name && name == "_"; }
};

enum class Space : uint8_t { Generic, Global, Shared, Local, Const, Param, Register };

struct Variable {
  Space space = Space::Register;
  std::string_view name;
  Type type = Type::None;
  uint32_t vector = 1; ///< .v2, .v4
  uint32_t align = 0;  ///< 0: natural
  uint32_t line = 0;
  uint64_t count = 1;  ///< elements of an array; 0 for []
  uint32_t family = 0; ///< %r<8>: 8
  bool array = false, external = false;
  std::vector<Operand> init;
  uint64_t bytes() const { return uint64_t(bytesOf(type)) * vector * count; }
};

struct Statement {
  enum Kind : uint8_t { Open, Close, Label, Declare, Instruction } kind;
  uint32_t line = 0;
  std::string_view name;  ///< label, or opcode with modifiers
  std::string_view guard; ///< predicate of @p
  bool negated = false;   ///< @!p
  std::vector<Operand> operands;
  std::vector<Variable> variables;
};

struct Function {
  std::string_view name;
  bool entry = false, defined = false;
  uint32_t line = 0;
  uint32_t maxThreads = 0, maxRegisters = 0;
  std::vector<Variable> results, parameters;
  std::vector<Statement> body;
};

struct File {
  std::string_view target;
  std::vector<Variable> variables;
  std::vector<Function> functions;
};

/// Views in the result point into `text`.
File parseFile(std::string_view text, std::vector<std::string> &errors);

} // namespace attn::emu
