#include "codegen/cpu/Micro.h"
#include "mlir/Parser/Parser.h"

using namespace mlir;
using namespace attn::cpu;
using arith::CmpIPredicate;

func::FuncOp attn::cpu::makeFunction(ModuleOp module, StringRef name, ArrayRef<Type> inputs, ArrayRef<Type> results, bool isPublic) {
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  auto fn = func::FuncOp::create(builder, module.getLoc(), name, builder.getFunctionType(inputs, results));
  if (!isPublic) {
    fn.setPrivate();
    fn->setAttr("no_inline", builder.getUnitAttr());
  }
  Block *entry = fn.addEntryBlock();
  // Scratch areas never overlap, and the frame is never written by a kernel.
  for (auto [k, type] : llvm::enumerate(inputs))
    if (isa<LLVM::LLVMPointerType>(type))
      fn.setArgAttr(k, LLVM::LLVMDialect::getNoAliasAttrName(), builder.getUnitAttr());
  (void)entry;
  return fn;
}

func::FuncOp attn::cpu::parsedFunction(ModuleOp module, StringRef name, StringRef source) {
  if (auto fn = module.lookupSymbol<func::FuncOp>(name))
    return fn;
  auto parsed = parseSourceString<ModuleOp>(source, module.getContext());
  module.getBody()->getOperations().splice(module.getBody()->end(), parsed->getBody()->getOperations());
  return module.lookupSymbol<func::FuncOp>(name);
}

namespace {
struct Micro {
  Emit e;
  ValueRange args;
  const Target &target;
  int64_t rowBytes;
  Type element; ///< of what streams past
  func::FuncOp fn;

  Micro(func::FuncOp fn, OpBuilder &builder, const Target &target, int64_t rows, Type element)
      : e(fn.getLoc(), builder, target.lanes), args(fn.getArguments()), target(target), rowBytes(rows * 4), element(element), fn(fn) {}

  Value streamed(Value p) {
    Value x = e.load(element, p);
    return element.isF32() ? x : arith::ExtFOp::create(e, e.getF32Type(), x).getResult();
  }

  Value block(Value p, Value lane, unsigned k) { return e.at(p, e.add(lane, e.integer(int64_t(k) * e.lanes * 4))); }
  Value loadVector(Value p) { return e.load(e.vec(e.getF32Type()), p, e.lanes * 4); }

  /// The addresses of `n` consecutive entries from `at` on, none beyond `last`.
  SmallVector<Value> rowsAt(Value base, Value at, Value last, Value stride, unsigned n) {
    SmallVector<Value> p;
    for (unsigned k = 0; k < n; ++k)
      p.push_back(e.at(base, e.mul(e.min(e.add(at, e.integer(k)), last), stride)));
    return p;
  }
  /// acc[i][v] += scalar i * vector v.
  SmallVector<Value> update(ValueRange acc, ArrayRef<Value> scalars, ArrayRef<Value> vectors) {
    SmallVector<Value> next;
    for (unsigned i = 0; i < scalars.size(); ++i) {
      Value x = e.splat(streamed(scalars[i]));
      for (unsigned v = 0; v < vectors.size(); ++v)
        next.push_back(e.fma(x, vectors[v], acc[i * vectors.size() + v]));
    }
    return next;
  }
  unsigned vectors() const { return target.blocks(rowBytes / 4); }
};
} // namespace

static std::string named(std::string name, Type element) {
  if (!element.isF32())
    llvm::raw_string_ostream(name) << '.' << element;
  return name;
}

static std::pair<func::FuncOp, bool> getOrMake(ModuleOp module, const std::string &name, ArrayRef<Type> inputs, ArrayRef<Type> results = {}) {
  if (auto fn = module.lookupSymbol<func::FuncOp>(name))
    return {fn, false};
  return {makeFunction(module, name, inputs, results), true};
}

namespace {
/// What a product works on: two inputs, of which `right` streams past with any
/// strides, and how many components and keys there are.
struct Operands {
  Value out, left, right, keyStride, step, components, keys;
};
} // namespace

/// The function NAME.ROWS of a product, made by `body` where it is not there yet.
static func::FuncOp product(ModuleOp module, const Target &target, const std::string &name, int64_t rows, Type element, llvm::function_ref<void(Micro &, const Operands &)> body) {
  OpBuilder b(module.getContext());
  Type p = LLVM::LLVMPointerType::get(module.getContext()), i = b.getI64Type();
  auto [fn, isNew] = getOrMake(module, named(name + "." + std::to_string(rows), element), {p, p, p, i, i, i, i});
  if (!isNew)
    return fn;
  b.setInsertionPointToStart(&fn.getBody().front());
  Micro m(fn, b, target, rows, element);
  body(m, {m.args[0], m.args[1], m.args[2], m.args[3], m.args[4], m.args[5], m.args[6]});
  func::ReturnOp::create(m.e);
  return fn;
}

func::FuncOp attn::cpu::scoresFunction(ModuleOp module, const Target &target, int64_t rows, Type element) {
  return product(module, target, "scores", rows, element, [](Micro &m, const Operands &on) {
    Emit &e = m.e;
    Value s = on.out, q = on.left, k = on.right, keyStride = on.keyStride, step = on.step, components = on.components, keys = on.keys;
    unsigned n = m.target.keys, vectors = m.vectors();
    Value last = e.sub(keys, e.integer(1));
    e.loop(e.integer(0), keys, n, [&](Value c) {
      SmallVector<Value> row = m.rowsAt(k, c, last, keyStride, n);
      Value out = e.at(s, e.mul(c, e.integer(m.rowBytes)));
      e.loop(0, m.rowBytes, vectors * e.lanes * 4, [&](Value lane) {
        SmallVector<Value> acc(n * vectors, e.zero(e.vec(e.getF32Type())));
        Value from = e.at(q, lane);
        acc = e.loop(e.integer(0), components, 1, acc, [&](Value d, ValueRange carried) {
          SmallVector<Value> scalars, data;
          Value along = e.mul(d, step), qd = e.at(from, e.mul(d, e.integer(m.rowBytes)));
          for (Value r : row)
            scalars.push_back(e.at(r, along));
          for (unsigned v = 0; v < vectors; ++v)
            data.push_back(m.loadVector(e.at(qd, int64_t(v) * e.lanes * 4)));
          return m.update(carried, scalars, data);
        });
        Value to = e.at(out, lane);
        for (unsigned i = 0; i < n; ++i)
          for (unsigned v = 0; v < vectors; ++v)
            e.store(acc[i * vectors + v], e.at(to, i * m.rowBytes + v * e.lanes * 4), e.lanes * 4);
      });
    });
  });
}

func::FuncOp attn::cpu::accumulateFunction(ModuleOp module, const Target &target, int64_t rows, Type element) {
  return product(module, target, "accumulate", rows, element, [](Micro &m, const Operands &on) {
    Emit &e = m.e;
    Value o = on.out, weights = on.left, v = on.right, keyStride = on.keyStride, step = on.step, components = on.components, keys = on.keys;
    unsigned n = m.target.keys, vectors = m.vectors();
    Value last = e.sub(components, e.integer(1));
    e.loop(0, m.rowBytes, vectors * e.lanes * 4, [&](Value lane) {
      Value from = e.at(weights, lane);
      e.loop(e.integer(0), components, n, [&](Value component) {
        SmallVector<Value> column = m.rowsAt(v, component, last, step, n), acc;
        Value to = e.at(e.at(o, e.mul(component, e.integer(m.rowBytes))), lane);
        auto place = [&](unsigned i, unsigned k) { return e.at(to, i * m.rowBytes + k * e.lanes * 4); };
        for (unsigned i = 0; i < n; ++i)
          for (unsigned k = 0; k < vectors; ++k)
            acc.push_back(m.loadVector(place(i, k)));
        acc = e.loop(e.integer(0), keys, 1, acc, [&](Value c, ValueRange carried) {
          SmallVector<Value> scalars, data;
          Value along = e.mul(c, keyStride), pc = e.at(from, e.mul(c, e.integer(m.rowBytes)));
          for (Value x : column)
            scalars.push_back(e.at(x, along));
          for (unsigned k = 0; k < vectors; ++k)
            data.push_back(m.loadVector(e.at(pc, int64_t(k) * e.lanes * 4)));
          return m.update(carried, scalars, data);
        });
        for (unsigned i = 0; i < n; ++i)
          for (unsigned k = 0; k < vectors; ++k)
            e.store(acc[i * vectors + k], place(i, k), e.lanes * 4);
      });
    });
  });
}

func::FuncOp attn::cpu::accumulateExactFunction(ModuleOp module, const Target &target, int64_t rows, Type element) {
  return product(module, target, "accumulate.exact", rows, element, [](Micro &m, const Operands &on) {
    Emit &e = m.e;
    Value o = on.out, weights = on.left, v = on.right, keyStride = on.keyStride, step = on.step, components = on.components, keys = on.keys;
    e.loop(0, m.rowBytes, e.lanes * 4, [&](Value lane) {
      e.loop(e.integer(0), components, 1, [&](Value component) {
        Value to = e.at(e.at(o, e.mul(component, e.integer(m.rowBytes))), lane), column = e.at(v, e.mul(component, step));
        Value acc = e.loop(e.integer(0), keys, 1, ValueRange(m.loadVector(to)), [&](Value c, ValueRange carried) -> SmallVector<Value> {
          Value w = m.loadVector(e.at(e.at(weights, e.mul(c, e.integer(m.rowBytes))), lane));
          Value x = e.splat(m.streamed(e.at(column, e.mul(c, keyStride))));
          Value sum = e.fma(x, w, carried[0]);
          return {e.select(e.cmp(arith::CmpFPredicate::UNE, w, e.zero(w.getType())), sum, carried[0])};
        })[0];
        e.store(acc, to, e.lanes * 4);
      });
    });
  });
}

// x - x is 0 for finite x alone; sums of zeros are 0.
func::FuncOp attn::cpu::finiteFunction(ModuleOp module, const Target &target, Type element) {
  OpBuilder b(module.getContext());
  Type p = LLVM::LLVMPointerType::get(module.getContext()), i = b.getI64Type();
  auto [fn, isNew] = getOrMake(module, named("finite", element), {p, i, i, i, i}, {b.getI1Type()});
  if (!isNew)
    return fn;
  b.setInsertionPointToStart(&fn.getBody().front());
  Micro m(fn, b, target, 64, element);
  Emit &e = m.e;
  Value v = m.args[0], keyStride = m.args[1], step = m.args[2], components = m.args[3], keys = m.args[4];
  Type f32 = e.getF32Type();
  Value contiguous = e.band(e.cmp(CmpIPredicate::eq, step, e.integer(4)), e.boolean(element.isF32() && e.lanes > 1));
  Value wide = e.select(contiguous, e.sub(components, arith::RemSIOp::create(e, components, e.integer(e.lanes))), e.integer(0));
  SmallVector<Value> init{e.zero(e.vec(f32)), e.zero(f32)};
  SmallVector<Value> sums = e.loop(e.integer(0), keys, 1, init, [&](Value c, ValueRange carried) -> SmallVector<Value> {
    Value row = e.at(v, e.mul(c, keyStride));
    Value vectors = e.loop(e.integer(0), wide, e.lanes, ValueRange(carried[0]), [&](Value d, ValueRange sum) -> SmallVector<Value> {
      Value x = e.load(e.vec(f32), e.at(row, e.mul(d, e.integer(4))), 4);
      return {e.add(sum[0], e.sub(x, x))};
    })[0];
    Value scalars = e.loop(wide, components, 1, ValueRange(carried[1]), [&](Value d, ValueRange sum) -> SmallVector<Value> {
      Value x = m.streamed(e.at(row, e.mul(d, step)));
      return {e.add(sum[0], e.sub(x, x))};
    })[0];
    return {vectors, scalars};
  });
  Value total = e.add(e.reduce(vector::CombiningKind::ADD, sums[0]), sums[1]);
  func::ReturnOp::create(e, ValueRange(e.cmp(arith::CmpFPredicate::OEQ, total, e.zero(f32))));
  return fn;
}
