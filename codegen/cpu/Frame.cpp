#include "codegen/cpu/Frame.h"

using namespace mlir;
using namespace plan;
using namespace attn;
using namespace attn::cpu;

static std::string spell(Type element) {
  if (element.isIndex())
    return "i64";
  if (element.isInteger(1))
    return "bool";
  std::string text;
  llvm::raw_string_ostream(text) << element;
  if (StringRef(text).starts_with("ui")) // ui8 -> u8
    text.erase(1, 1);
  return text;
}

int Frame::extent(StringRef label) {
  auto [at, isNew] = extents.try_emplace(label, 0);
  if (isNew) {
    at->second = take(1);
    manifest.extents.push_back({label.str(), at->second});
  }
  return at->second;
}

void Frame::fill(Manifest::Tensor &t, Memory &m, StringRef name, BufferType type) {
  t.name = name.str();
  for (StringAttr label : type.getLabels())
    t.labels.push_back(label.str());
  m.element = type.getElement();
  if (auto row = dyn_cast<VectorType>(type.getElement())) {
    m.element = row.getElementType();
    m.shape.assign(row.getShape().begin(), row.getShape().end());
  }
  t.shape.assign(m.shape.begin(), m.shape.end());
  t.dtype = spell(m.element);
  m.labels = t.labels.size();
  t.slot = m.slot = take(1 + m.labels + m.shape.size());
}

Frame::Frame(ProgramOp program) {
  manifest.name = program.getSymName().str();
  manifest.sizesSymbol = manifest.name + ".sizes";
  manifest.threadsSlot = take(1);
  bool heads = false;
  program.walk([&](attn::KvHeadOp) { heads = true; });
  for (Operation &op : *program.getBody().begin()) {
    if (auto tensor = dyn_cast<TensorOp>(op)) {
      Manifest::Tensor t;
      Memory &m = memory[tensor];
      fill(t, m, tensor.getName(), tensor.getType());
      if (tensor->hasAttr("unsigned") && t.dtype[0] == 'i')
        t.dtype[0] = 'u'; // the same bytes; reads extend with zeros
      t.output = tensor.getOutput();
      for (const std::string &label : t.labels)
        m.extentSlots.push_back(extent(label));
      manifest.tensors.push_back(t);
    } else if (auto scalar = dyn_cast<ScalarOp>(op)) {
      Type type = scalar.getType();
      auto kind = type.isInteger(1) ? Manifest::ScalarKind::Bool : type.isIndex() ? Manifest::ScalarKind::Int : Manifest::ScalarKind::Real;
      int slot = take(1);
      scalars[scalar] = slot;
      manifest.scalars.push_back({scalar.getName().str(), kind, slot});
    } else if (auto columns = dyn_cast<ColumnsOp>(op)) {
      Memory m = memory[columns.getBuffer()];
      m.columns = m.shape[0];
      m.shape.clear();
      ++m.labels;
      memory[columns] = m;
    } else if (auto size = dyn_cast<SizeOp>(op)) {
      scalars[size] = take(1);
    } else if (isa<WorkersOp>(op)) {
      scalars[op.getResult(0)] = manifest.threadsSlot;
    } else if (auto length = dyn_cast<plan::ExtentOp>(op)) {
      scalars[length] = extent(length.getName());
    } else if (auto alloc = dyn_cast<AllocOp>(op)) {
      Manifest::Buffer b;
      Memory &m = memory[alloc];
      fill(b, m, alloc.getName(), alloc.getType());
      m.sizes.assign(alloc.getSizes().begin(), alloc.getSizes().end());
      b.bytesSlot = take(1);
      manifest.buffers.push_back(b);
    } else if (auto kernel = dyn_cast<KernelOp>(op)) {
      Manifest::Kernel k;
      k.name = kernel.getName().str();
      std::string symbol = manifest.name + "." + k.name;
      for (char &c : symbol) // symbols are C-like
        c = isalnum((unsigned char)c) || c == '_' || c == '.' ? c : '_';
      k.symbol = symbol + "." + std::to_string(manifest.kernels.size());
      k.itemsSlot = take(1);
      manifest.kernels.push_back(k);
    }
  }
  if (heads) {
    extent("H");
    extent("G");
  }
}
