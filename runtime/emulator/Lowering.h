// From statements to Instr: names, scopes, operands. Each family of
// instructions has a function that fills an Instr with the help of this.
#pragma once
#include "runtime/emulator/Code.h"
#include <unordered_map>

namespace attn::emu {

/// An opcode split at its dots. Every modifier must be taken by somebody.
class Opcode {
public:
  explicit Opcode(std::string_view text);
  std::string_view text, base;
  /// Takes a modifier if it is there.
  bool take(std::string_view modifier);
  /// Takes the first of `choices` that is there; its index or -1.
  int takeOne(std::initializer_list<std::string_view> choices);
  /// Takes the first type that is left.
  Type takeType();
  /// Takes the first modifier that is left; empty if none is.
  std::string_view takeAny();
  bool has(std::string_view modifier) const;
  /// The first modifier that nobody took, or an empty string.
  std::string_view rest() const;

private:
  std::vector<std::pair<std::string_view, bool>> modifiers;
};

struct Register {
  Slot slot = NoSlot;
  Type type = Type::None;
  bool isPredicate() const { return type == Type::Pred; }
  bool wide() const { return bytesOf(type) == 8; }
};

class Lowering {
public:
  Lowering(const File &file, Program &program, Code &code, std::vector<std::string> &errors);
  void run(const Function &entry);

  /// Records an error at the current statement. True, so that a family can
  /// return it: the opcode was its own.
  bool fail(const std::string &message);
  bool failed() const { return hasFailed; }

  /// A source of the given type: register, immediate, special register, or the
  /// address of a variable. Records the use.
  Slot source(const Operand &operand, Type type);
  /// The same; the register may be wider than the type (ld, st, cvt).
  Slot sourceAnyWidth(const Operand &operand, Type type, bool &wide);
  Slot destination(const Operand &operand, Type type);
  Slot destinationAnyWidth(const Operand &operand, Type type, bool &wide);
  /// A register of the given type, without recording a use: wgmma has its own
  /// rules.
  Slot bare(const Operand &operand, Type type);
  /// A predicate source; the flag says whether it is negated.
  Slot predicate(const Operand &operand, bool &negated);
  Slot predicateDestination(const Operand &operand);
  /// A register if the operand names one, else an empty one.
  Register find(const Operand &operand) const;
  /// Sets a, wide, offset (or c, wideC, offsetC) from [base + offset].
  void address(const Operand &operand, Space space, Instr &instr, bool second = false);
  /// The value of an integer immediate.
  int64_t immediate(const Operand &operand);
  Range slots(const std::vector<Slot> &slots);
  Slot constant32(uint32_t value);
  Slot constant64(uint64_t value);
  bool expectOperands(const Statement &s, size_t least, size_t most);
  /// The statement's vector operand as single operands, or the operand itself.
  static std::vector<const Operand *> elements(const Operand &operand);
  Slot special(Special which) const { return code.special + 32 * uint32_t(which); }
  /// Where a .branchtargets list of this name leads.
  const std::vector<Operand> *targets(std::string_view name) const;

  Code &code;

private:
  struct Symbol {
    uint64_t address;
    Space space;
    uint32_t bytes;
  };
  struct Scope {
    std::unordered_map<std::string_view, Register> registers;
    std::unordered_map<std::string_view, Symbol> symbols;
    std::unordered_map<std::string_view, uint32_t> labels;
    std::unordered_map<std::string_view, std::vector<Operand>> targets;
  };
  struct Fixup {
    uint32_t instr, slot, line; ///< slot: index in code.slots, or NoSlot
    std::string_view label;
    std::vector<uint32_t> scopes;
  };

  const File &file;
  Program &program;
  std::vector<std::string> &errors;
  std::vector<Scope> scopes;  // all that ever were
  std::vector<uint32_t> open; // the ones that are open
  std::vector<Fixup> fixups;
  std::vector<std::string_view> calls; // being inlined
  std::vector<Use> uses;               // of the current instruction
  std::unordered_map<uint64_t, Slot> constants32, constants64;
  std::unordered_map<std::string, uint32_t> nameIds;
  uint32_t line = 0, nextPredicate = 0;
  bool hasFailed = false;
  uint32_t endLabels = 0;
  std::vector<std::unique_ptr<std::string>> made; // names of made labels

  void globals();
  void statements(const Function &f);
  void statement(const Statement &s);
  void declare(const Statement &s);
  void declareRegisters(const Variable &v);
  void instruction(const Statement &s);
  void call(const Statement &s);
  bool branch(const Statement &s, Opcode &op, Instr &instr);
  void jump(std::string_view label);
  void resolve();
  Slot newLanes(bool wide, std::string name);
  Slot newPredicate();
  const Symbol *symbol(std::string_view name) const;
  Register specialRegister(std::string_view name);
  uint64_t literal(const Operand &operand, Type type);
  uint32_t nameId(std::string_view text);
  uint64_t layout(const Variable &v, uint32_t &used);
};

/// Fills Instr::join with immediate post-dominators.
void findJoins(Code &code);

using Family = bool (*)(Lowering &, Opcode &, const Statement &, Instr &);
/// The family of an opcode's base, or null.
Family familyOf(std::string_view base);

} // namespace attn::emu
