// The instructions that lowering with rows in lanes is written in: i64
// arithmetic, vectors of one native width, memory through plain pointers. With
// one lane there are no vectors: a thread of a GPU is a lane by itself.
#pragma once
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace attn::cpu {

/// What the generated code may assume of the machine.
struct Target {
  unsigned lanes = 16;  ///< f32 lanes of a native vector
  unsigned vectors = 4; ///< lane blocks of a microkernel's register tile
  unsigned keys = 4;    ///< keys (or components) of a microkernel's register tile
  bool scalef = true;   ///< AVX-512: multiplication by a power of two
  bool bf16 = true;     ///< an instruction rounds to bf16
  /// Rows of 16-bit keys and values are read where they lie, not widened for a
  /// whole tile first: scratch memory is dearer than conversions.
  bool narrow = false;
  unsigned share = 8; ///< row tiles of an instance where the schedule does not say
  /// Counters are shared between threads, and may be absent.
  bool atomics = false;

  /// Lane blocks of a register tile where a tile has so many rows: as many of
  /// `vectors` as divide it.
  unsigned blocks(int64_t rows) const {
    unsigned n = vectors;
    while (rows / lanes % n)
      --n;
    return n;
  }
};

/// A builder of code in which integers are i64, 16-bit floats are held as f32,
/// and a value is either a scalar or one vector of `lanes` of them.
class Emit : public mlir::ImplicitLocOpBuilder {
public:
  Emit(mlir::Location loc, mlir::OpBuilder &builder, unsigned lanes)
      : ImplicitLocOpBuilder(loc, builder), lanes(lanes) {}

  using Value = mlir::Value;
  using Type = mlir::Type;
  unsigned lanes;

  mlir::IntegerType i64() { return getI64Type(); }
  Type ptr() { return mlir::LLVM::LLVMPointerType::get(getContext()); }
  Type vec(Type element) { return lanes == 1 ? element : Type(mlir::VectorType::get({int64_t(lanes)}, element)); }

  /// How an element type is held in registers: index as i64, bf16 and f16 as f32.
  Type held(Type element);
  /// How a held type lies in scratch memory: i1 as bytes.
  Type stored(Type held);
  /// Bytes of an element of a buffer or of scratch memory.
  static int64_t bytes(Type element);

  Value integer(int64_t x) { return mlir::arith::ConstantIntOp::create(*this, x, 64); }
  Value real(double x) { return mlir::arith::ConstantFloatOp::create(*this, getF32Type(), llvm::APFloat(float(x))); }
  Value boolean(bool x) { return mlir::arith::ConstantIntOp::create(*this, x, 1); }
  /// 0, 0.0 or false, of a scalar or vector type.
  Value zero(Type type);
  /// -inf or the least integer; +inf or the greatest.
  Value extreme(Type type, bool greatest);

  Value add(Value a, Value b);
  Value sub(Value a, Value b);
  Value mul(Value a, Value b);
  Value min(Value a, Value b);
  Value max(Value a, Value b);
  Value band(Value a, Value b); ///< and; a null operand is `true`
  Value cmp(mlir::arith::CmpIPredicate p, Value a, Value b);
  Value cmp(mlir::arith::CmpFPredicate p, Value a, Value b);
  Value select(Value c, Value a, Value b);
  /// Towards minus infinity; b must not be 0 nor -1.
  Value floorDiv(Value a, Value b);
  Value ceilDiv(Value a, Value b);

  bool isVector(Value v) { return llvm::isa<mlir::VectorType>(v.getType()); }
  Value splat(Value v) { return isVector(v) || lanes == 1 ? v : mlir::vector::BroadcastOp::create(*this, vec(v.getType()), v).getResult(); }
  /// Makes both scalars or both vectors.
  void meet(Value &a, Value &b);
  /// 0, 1, 2, .. in i64 lanes.
  Value lanesIota();
  /// All lanes into one.
  Value reduce(mlir::vector::CombiningKind kind, Value v) { return isVector(v) ? mlir::vector::ReductionOp::create(*this, kind, v).getResult() : v; }
  /// a * b + c, rounded once.
  Value fma(Value a, Value b, Value c);

  /// `p` plus a number of bytes.
  Value at(Value p, Value bytes);
  Value at(Value p, int64_t bytes) { return bytes ? at(p, integer(bytes)) : p; }
  Value load(Type type, Value p, unsigned align = 0);
  void store(Value v, Value p, unsigned align = 0);
  Value loadSlot(Value frame, int64_t slot, Type type);

  using Body = llvm::function_ref<void(Value)>;
  using CarryBody = llvm::function_ref<llvm::SmallVector<Value>(Value, mlir::ValueRange)>;
  void loop(Value from, Value to, int64_t step, Body body);
  void loop(int64_t from, int64_t to, int64_t step, Body body) { loop(integer(from), integer(to), step, body); }
  llvm::SmallVector<Value> loop(Value from, Value to, int64_t step, mlir::ValueRange init, CarryBody body);
  void when(Value condition, llvm::function_ref<void()> then, llvm::function_ref<void()> otherwise = {});
  /// One of two values, of which only one is computed.
  Value choose(Value condition, llvm::function_ref<Value()> then, llvm::function_ref<Value()> otherwise);
};

} // namespace attn::cpu
