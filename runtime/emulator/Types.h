// Types of PTX and the few facts about them that decoding needs.
#pragma once
#include <cstdint>
#include <string_view>

namespace attn::emu {

enum class Type : uint8_t {
  None,
  Pred,
  B8,
  B16,
  B32,
  B64,
  B128,
  U8,
  U16,
  U32,
  U64,
  S8,
  S16,
  S32,
  S64,
  U16x2,
  S16x2,
  F16,
  BF16,
  TF32,
  F32,
  F64,
  F16x2,
  BF16x2,
  E4M3,
  E5M2,
  E4M3x2,
  E5M2x2,
};

/// The type of a modifier such as "u32"; None if it is not a type.
Type typeNamed(std::string_view name);
std::string_view nameOf(Type type);
/// Bytes in memory. A predicate has none.
uint32_t bytesOf(Type type);
inline bool isSigned(Type t) { return t >= Type::S8 && t <= Type::S64; }
inline bool isUnsigned(Type t) { return t >= Type::U8 && t <= Type::U64; }
inline bool isBits(Type t) { return t >= Type::B8 && t <= Type::B128; }
inline bool isFloat(Type t) { return t >= Type::F16; }
inline bool isPacked(Type t) {
  return t == Type::U16x2 || t == Type::S16x2 || t == Type::F16x2 || t == Type::BF16x2 || t >= Type::E4M3x2;
}

} // namespace attn::emu
