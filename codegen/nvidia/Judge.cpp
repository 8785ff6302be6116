// The kernel that judges. A block takes a word of key tiles and eight tiles of
// rows:
//
//   each warp: least and greatest over its tile of rows, in registers
//   the block: least and greatest over the word's 64 tiles of keys, in shared memory
//   each warp: 64 verdicts for its tile of rows, two to a lane
#include "codegen/nvidia/Judge.h"
#include "codegen/cpu/Elements.h"
#include "codegen/cpu/MaskSides.h"
#include "codegen/cpu/Micro.h"
#include "codegen/nvidia/Simt.h"
#include "codegen/nvidia/SpanCursor.h"
#include "dialect/AttnOps.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include <list>

using namespace mlir;
using namespace plan;
using namespace attn;
using namespace attn::nvidia;
using arith::CmpIPredicate;
using cpu::MaskSides;
using cpu::Position;

static constexpr int64_t warps = 8, lanes = 32;

namespace {
class Judge {
public:
  Judge(ModuleOp module, cpu::Frame &frame, KernelOp kernel, Manifest::Kernel &manifest)
      : module(module), frame(frame), kernel(kernel), manifest(manifest), sweep(*kernel.getBody().getOps<SweepOp>().begin()),
        span(sweep.getSpan().getDefiningOp<TilesOp>()), builder(module.getContext()), e(kernel.getLoc(), builder, 1) {
    sweep.walk([&](MaskOp mask) { masks.emplace_back(kernel, sweep, mask); });
    for (MaskSides &mask : masks)
      for (Value v : mask.ranged())
        if (ranges.size() < MaskSides::mostRanges)
          ranges.push_back({&mask, v, mask.of(v) == MaskSides::Rows});
  }
  LogicalResult run();

private:
  /// A value whose least and greatest over one side of a tile are asked for.
  struct Range {
    MaskSides *mask;
    Value value;
    bool rows;
    cpu::Bounds found = {}; ///< of rows: in registers
  };
  using Values = SmallVector<Value>;
  Value i32(int64_t x) { return arith::ConstantIntOp::create(e, x, 32); }
  Value narrow(Value x) { return e.createOrFold<arith::TruncIOp>(e.getI32Type(), x); }
  Value wide(Value x) { return e.createOrFold<arith::ExtUIOp>(e.i64(), x); }
  Value exchange(Value x, int64_t step);
  Value agree(Value x, llvm::function_ref<Value(Value, Value)> combine);
  void sync() {
    LLVM::InlineAsmOp::create(e, TypeRange(), ValueRange(), "bar.sync 0;", "~{memory}", /*hasSideEffects=*/true, /*isAlignStack=*/false,
                              LLVM::TailCallKind::None, LLVM::AsmDialectAttr(), ArrayAttr());
  }
  Value shared(unsigned range, Value tile, bool hi) {
    return e.at(memory, e.add(e.mul(tile, e.integer(16)), e.integer(1024 * int64_t(range) + 8 * hi)));
  }
  void setTile(cpu::Tiles &t, Value tile) {
    t.cx.keyBase = e.mul(tile, e.integer(cols()));
    t.cx.keys = e.min(e.integer(cols()), e.sub(limit, t.cx.keyBase));
  }
  int64_t cols() { return cast<SpanType>(span.getType()).getStep(); }
  int64_t rows() { return manifest.rows; }
  Values share(cpu::Tiles &t, bool ofRows, Values state, llvm::function_ref<Values(Position, Value, ArrayRef<Value>)> next);
  void foldRows(cpu::Tiles &t, FoldOp fold);
  Values least(cpu::Tiles &t, bool ofRows);
  void item(Value number);
  void judge(cpu::Tiles &t, Value word, Value at);

  ModuleOp module;
  cpu::Frame &frame;
  KernelOp kernel;
  Manifest::Kernel &manifest;
  SweepOp sweep;
  TilesOp span;
  OpBuilder builder;
  cpu::Emit e;
  std::list<MaskSides> masks;
  SmallVector<Range> ranges;
  Value parameters, memory, lane, warp; ///< the last two: i64
  Value limit;
  bool failed = false;
};
} // namespace

//===----------------------------------------------------------------------===//
// What a warp agrees on
//===----------------------------------------------------------------------===//

Value Judge::exchange(Value x, int64_t step) {
  Type type = x.getType(), word = e.getI32Type();
  auto one = [&](Value y) {
    return NVVM::ShflOp::create(e, word, i32(-1), y, i32(step), i32(31), NVVM::ShflKind::bfly, UnitAttr()).getResult();
  };
  unsigned width = type.getIntOrFloatBitWidth();
  Value bits = isa<FloatType>(type) ? arith::BitcastOp::create(e, e.getIntegerType(width), x).getResult() : x;
  if (width == 64) {
    Value low = one(narrow(bits)), high = one(narrow(arith::ShRUIOp::create(e, bits, e.integer(32))));
    bits = arith::OrIOp::create(e, wide(low), arith::ShLIOp::create(e, wide(high), e.integer(32)));
  } else if (width == 32) {
    bits = one(bits);
  } else {
    bits = arith::TruncIOp::create(e, bits.getType(), one(arith::ExtUIOp::create(e, word, bits)));
  }
  return isa<FloatType>(type) ? arith::BitcastOp::create(e, type, bits).getResult() : bits;
}

Value Judge::agree(Value x, llvm::function_ref<Value(Value, Value)> combine) {
  for (int64_t step = lanes / 2; step; step /= 2)
    x = combine(x, exchange(x, step));
  return x;
}

// A lane's share of a side: every 32nd row or key. There are few, and their
// loads shall be on their way together. `next` gets whether the entry is present.
Judge::Values Judge::share(cpu::Tiles &t, bool ofRows, Values state, llvm::function_ref<Values(Position, Value, ArrayRef<Value>)> next) {
  int64_t side = ofRows ? rows() : cols(), dim = ofRows ? TileType::R : TileType::C;
  RowsOp tile = *kernel.getBody().getOps<RowsOp>().begin();
  for (int64_t from = 0; from < side; from += lanes)
    t.scope([&] {
      Value at = e.add(lane, e.integer(from));
      Position p = Position().lanes(dim).with(dim, at);
      Value present = e.cmp(CmpIPredicate::slt, at, ofRows ? e.integer(side) : t.cx.keys);
      if (ofRows)
        present = e.band(present, t.present(tile.getResult(), p));
      state = next(p, present, state);
    });
  return state;
}

// An end of an interval that is least or greatest over the rows; the plan
// leaves rows behind the last one out.
void Judge::foldRows(cpu::Tiles &t, FoldOp fold) {
  Type type = e.held(elementOf(fold.getTile().getType()));
  Value none = t.neutral(fold.getKind(), type);
  Values found = share(t, true, {none}, [&](Position p, Value present, ArrayRef<Value> state) {
    Value x = e.select(present, t.eval(fold.getTile(), p), none);
    return Values{t.combine(fold.getKind(), state[0], x)};
  });
  t.cx.scalars[fold.getResult()] = agree(found[0], [&](Value a, Value b) { return t.combine(fold.getKind(), a, b); });
}

// Least and greatest of the values along one side, over the tile's rows or keys
// that are present; NaN says nothing. Where none is: always true and never
// true, above and below all.
Judge::Values Judge::least(cpu::Tiles &t, bool ofRows) {
  auto combine = [&](bool hi, Value a, Value b) -> Value {
    if (a.getType().isInteger(1))
      return hi ? arith::OrIOp::create(e, a, b).getResult() : arith::AndIOp::create(e, a, b).getResult();
    if (isa<FloatType>(a.getType()))
      return hi ? arith::MaximumFOp::create(e, a, b).getResult() : arith::MinimumFOp::create(e, a, b).getResult();
    return hi ? e.max(a, b) : e.min(a, b);
  };
  SmallVector<Range *> wanted;
  Values init;
  for (Range &r : ranges) {
    if (r.rows != ofRows)
      continue;
    Type type = e.held(elementOf(r.value.getType()));
    wanted.push_back(&r);
    for (bool lo : {true, false})
      init.push_back(type.isInteger(1) ? e.boolean(lo) : e.extreme(type, lo));
  }
  Values found = share(t, ofRows, init, [&](Position p, Value present, ArrayRef<Value> state) {
    Values next;
    for (auto [k, r] : llvm::enumerate(wanted)) {
      MaskOp mask = r->mask->mask;
      Value x = t.element(mask.getTiles(), mask.getBody(), r->value, p);
      for (unsigned hi : {0u, 1u})
        next.push_back(combine(hi, state[2 * k + hi], e.select(present, x, init[2 * k + hi])));
    }
    return next;
  });
  for (auto [k, x] : llvm::enumerate(found))
    x = agree(x, [&, hi = k % 2](Value a, Value b) { return combine(hi, a, b); });
  return found;
}

//===----------------------------------------------------------------------===//
// Verdicts
//===----------------------------------------------------------------------===//

// Two tiles to a lane; `at` is where the word lies.
void Judge::judge(cpu::Tiles &t, Value word, Value at) {
  SpanCursor cursor = SpanCursor::ofIntervals(t, span, cols(), limit, {});
  e.loop(0, tilesPerWord / lanes, 1, [&](Value half) {
    t.scope([&] {
      Value slot = e.add(e.mul(half, e.integer(lanes)), lane);
      Value tile = e.add(e.mul(word, e.integer(tilesPerWord)), slot);
      setTile(t, tile);
      auto [live, full] = cursor.classify(e, narrow(tile));
      cpu::Bounds none, all;
      for (MaskSides &mask : masks) {
        cpu::Bounds b = mask.bounds(t, [&](Value v) -> cpu::Bounds {
          auto r = llvm::find_if(ranges, [&](const Range &each) { return each.mask == &mask && each.value == v; });
          if (r == ranges.end() || r->rows)
            return r == ranges.end() ? cpu::Bounds() : r->found;
          Type held = e.held(elementOf(v.getType())), stored = e.stored(held);
          auto load = [&](bool hi) -> Value {
            Value x = e.load(stored, shared(r - ranges.begin(), slot, hi));
            return stored == held ? x : e.cmp(CmpIPredicate::ne, x, e.zero(stored));
          };
          return {load(false), load(true)};
        });
        bool first = &mask == &masks.front();
        none = first ? b : cpu::boundsOfOr(e, none, b);
        all = first ? b : cpu::boundsOfAnd(e, all, b);
      }
      if (all.lo) {
        Value whole = e.cmp(CmpIPredicate::eq, t.cx.keys, e.integer(cols()));
        full = e.createOrFold<arith::OrIOp>(full, e.band(all.lo, whole));
      }
      live = e.band(live, none.hi);
      auto write = [&](Value bit, int64_t offset) {
        Value bits = NVVM::VoteSyncOp::create(e, e.getI32Type(), i32(-1), bit, NVVM::VoteSyncKind::ballot);
        e.when(e.cmp(CmpIPredicate::eq, lane, e.integer(0)), [&] { e.store(bits, e.at(at, e.add(e.mul(half, e.integer(4)), e.integer(offset)))); });
      };
      write(live, 0);
      write(e.band(live, full), 8);
    });
  });
}

void Judge::item(Value number) {
  cpu::Context cx;
  cx.frame = parameters;
  cx.rows = rows();
  cx.cols = cols();
  cx.kernel = kernel;
  cx.keyTile = sweep.getBody().getArgument(0);
  if (frame.extents.count("H") && frame.extents.count("G")) {
    cx.headsSlot = frame.extents["H"];
    cx.groupsSlot = frame.extents["G"];
  }
  cpu::Tiles t(e, frame, cx);
  ValueRange grid = kernel.getGrid();
  Value rest = narrow(number), inside;
  for (int64_t k = grid.size(); k-- > 0;) {
    Value size = t.scalar(grid[k]);
    bool tiles = k + 1 == int64_t(grid.size());
    Value most = narrow(tiles ? e.ceilDiv(size, e.integer(warps)) : size);
    Value index = wide(arith::RemUIOp::create(e, rest, most));
    rest = arith::DivUIOp::create(e, rest, most);
    if (tiles) {
      index = e.add(e.mul(index, e.integer(warps)), warp);
      inside = e.cmp(CmpIPredicate::slt, index, size);
    }
    t.cx.scalars[kernel.getBody().getArgument(k)] = index;
  }
  t.mark();
  limit = t.scalar(sweep.getInit()[0]);
  for (FoldOp fold : kernel.getBody().getOps<FoldOp>())
    if (!isa<TileType>(fold.getType()) && cpu::dims(fold.getTile()) == ArrayRef<int64_t>(TileType::R)) {
      t.mark();
      foldRows(t, fold);
    }
  t.mark();
  Value word = t.cx.scalars[kernel.getBody().getArgument(grid.size() - 2)];

  Values found = least(t, true);
  for (Range &r : ranges)
    if (r.rows) {
      r.found = {found[0], found[1]};
      found.erase(found.begin(), found.begin() + 2);
    }
  if (!llvm::all_of(ranges, [](const Range &r) { return r.rows; })) {
    sync(); // all are done with the last word
    e.loop(warp, e.integer(tilesPerWord), warps, [&](Value slot) {
      t.scope([&] {
        setTile(t, e.add(e.mul(word, e.integer(tilesPerWord)), slot));
        Values keys = least(t, false);
        e.when(e.cmp(CmpIPredicate::eq, lane, e.integer(0)), [&] {
          unsigned next = 0;
          for (auto [n, r] : llvm::enumerate(ranges))
            for (bool hi : {false, true})
              if (!r.rows) {
                Value x = keys[next++];
                if (x.getType().isInteger(1))
                  x = arith::ExtUIOp::create(e, e.getI8Type(), x);
                e.store(x, shared(n, slot, hi));
              }
        });
      });
    });
    sync();
  }

  // Where the verdicts lie.
  auto judged = llvm::find_if(kernel->getParentOfType<ProgramOp>().getBody().getOps<AllocOp>(),
                              [&](AllocOp alloc) { return alloc.getName() == kernel.getName(); });
  const cpu::Memory &m = frame.memory.find(*judged)->second;
  Value at = e.integer(0);
  auto stride = [&](unsigned dim) { return e.loadSlot(parameters, m.strideSlot(dim), e.i64()); };
  for (unsigned k = 0, label = 0; k < grid.size(); ++k)
    if (k + 2 != grid.size())
      at = e.add(at, e.mul(t.cx.scalars[kernel.getBody().getArgument(k)], stride(label++)));
  at = e.add(at, e.mul(word, stride(m.labels - 1)));
  Value address = e.add(e.loadSlot(parameters, m.slot, e.i64()), e.mul(at, e.integer(4)));
  e.when(inside, [&] { judge(t, word, LLVM::IntToPtrOp::create(e, e.ptr(), address)); });
  failed |= t.failed;
}

//===----------------------------------------------------------------------===//
// The entry
//===----------------------------------------------------------------------===//

LogicalResult Judge::run() {
  int64_t bytes = 1024 * ranges.size();
  Manifest::Launch &launch = manifest.launch;
  launch.entry = manifest.symbol;
  std::replace(launch.entry.begin(), launch.entry.end(), '.', '_');
  launch.threads = warps * lanes;
  launch.itemsPerBlock = warps;
  launch.blocksPerSm = 8;
  launch.path = "tiles";
  manifest.rows = cast<IntegerAttr>(kernel.getScheduleAttr().get("rows")).getInt();
  std::string symbol = launch.entry + "_ranges";
  OpBuilder top = OpBuilder::atBlockBegin(module.getBody());
  if (bytes)
    LLVM::GlobalOp::create(top, kernel.getLoc(), LLVM::LLVMArrayType::get(top.getI8Type(), bytes), /*isConstant=*/false, LLVM::Linkage::Internal,
                           symbol, Attribute(), /*alignment=*/16, /*addrSpace=*/3);
  Type p = e.ptr();
  func::FuncOp fn = cpu::makeFunction(module, launch.entry, {p, p, p}, {}, true);
  fn->setAttr(simtThreadsAttr, builder.getI32IntegerAttr(launch.threads));
  fn.setArgAttr(0, LLVM::LLVMDialect::getByValAttrName(), TypeAttr::get(LLVM::LLVMArrayType::get(builder.getI64Type(), frame.manifest.slots)));
  e.setInsertionPointToStart(&fn.getBody().front());
  parameters = fn.getArgument(0);
  if (bytes)
    memory = LLVM::AddrSpaceCastOp::create(e, p, LLVM::AddressOfOp::create(e, LLVM::LLVMPointerType::get(e.getContext(), 3), symbol));
  Value thread = wide(NVVM::ThreadIdXOp::create(e, e.getI32Type()));
  lane = arith::AndIOp::create(e, thread, e.integer(lanes - 1));
  warp = arith::ShRUIOp::create(e, thread, e.integer(5));
  // Items of blocks: eight tiles of rows are one.
  cpu::Context cx;
  cx.frame = parameters;
  cx.kernel = kernel;
  cpu::Tiles uniform(e, frame, cx);
  Value items = e.integer(1);
  for (auto [k, size] : llvm::enumerate(kernel.getGrid())) {
    Value n = uniform.scalar(size);
    items = e.mul(items, k + 1 == kernel.getGrid().size() ? e.ceilDiv(n, e.integer(warps)) : n);
  }
  auto loop = scf::ForOp::create(e, wide(NVVM::BlockIdXOp::create(e, e.getI32Type())), items, wide(NVVM::GridDimXOp::create(e, e.getI32Type())));
  e.setInsertionPointToStart(loop.getBody());
  item(loop.getInductionVar());
  e.setInsertionPointAfter(loop);
  func::ReturnOp::create(e);
  return failure(failed || uniform.failed);
}

LogicalResult attn::nvidia::lowerJudge(ModuleOp module, cpu::Frame &frame, KernelOp kernel, Manifest::Kernel &manifest) {
  return Judge(module, frame, kernel, manifest).run();
}
