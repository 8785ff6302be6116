#include "codegen/nvidia/Ptxas.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdlib>

using namespace attn::nvidia;
using llvm::SmallString;
using llvm::StringRef;

std::string attn::nvidia::findPtxas(const std::string &given) {
  auto environment = [](const char *name) { const char *value = std::getenv(name); return std::string(value ? value : ""); };
  if (std::string named = given.empty() ? environment("ATTN_PTXAS") : given; !named.empty())
    return llvm::sys::fs::can_execute(named) ? named : "";
  std::vector<std::string> places;
  if (std::string home = environment("CUDA_HOME"); !home.empty())
    places.push_back(home + "/bin/ptxas");
  if (auto found = llvm::sys::findProgramByName("ptxas"))
    places.push_back(*found);
  places.push_back("/usr/local/cuda/bin/ptxas");
  for (const std::string &place : places)
    if (llvm::sys::fs::can_execute(place))
      return place;
  return "";
}

/// The number in front of `what`: "12 bytes spill stores".
static int before(StringRef line, StringRef what) {
  size_t at = line.find(what);
  if (at == StringRef::npos)
    return 0;
  StringRef head = line.take_front(at).rtrim();
  size_t digits = head.size();
  while (digits && llvm::isDigit(head[digits - 1]))
    --digits;
  int n = 0;
  head.drop_front(digits).getAsInteger(10, n);
  return n;
}

/// What stands between the first pair of quotes.
static StringRef quoted(StringRef line) { return line.split('\'').second.split('\'').first; }

static void readMessages(StringRef text, Cubin &cubin) {
  Cubin::Use *use = nullptr;
  for (StringRef line : llvm::split(text, '\n')) {
    if (line.contains("Compiling entry function") || line.contains("Function properties for")) {
      StringRef name = line.contains("Function properties") ? line.split("properties for ").second.trim() : quoted(line);
      use = &cubin.kernels[name.str()];
    } else if (use && line.contains("bytes stack frame")) {
      use->stack = before(line, " bytes stack frame");
      use->spilled = before(line, " bytes spill stores") + before(line, " bytes spill loads");
    } else if (use && line.contains("Used ")) {
      use->registers = before(line, " registers");
      use->shared = before(line, " bytes smem");
    }
    if (line.contains("warning") || line.contains("C75"))
      cubin.warnings.push_back(line.str());
  }
}

bool attn::nvidia::assemble(const std::string &ptx, const Target &target, const std::string &ptxas, Cubin &result, std::string &error) {
  if (ptxas.empty()) {
    error = "machine code for " + target.name + " needs NVIDIA's `ptxas` (part of CUDA): set ATTN_PTXAS or CUDA_HOME, or put it on the search path";
    return false;
  }
  SmallString<64> folder;
  if (llvm::sys::fs::createUniqueDirectory("attn-ptxas", folder)) {
    error = "there is no room for temporary files";
    return false;
  }
  auto file = [&](const char *name) { return (folder + "/" + name).str(); };
  std::string source = file("code.ptx"), binary = file("code.cubin"), messages = file("messages");
  auto cleaning = llvm::scope_exit([&] { llvm::sys::fs::remove_directories(folder); });
  {
    std::error_code failed;
    llvm::raw_fd_ostream out(source, failed);
    if (!failed)
      out << ptx;
    out.close();
    if (failed || out.has_error()) {
      out.clear_error();
      error = "temporary files cannot be written";
      return false;
    }
  }
  StringRef arguments[] = {ptxas, "-O3", "-v", "-arch", target.name, source, "-o", binary};
  std::optional<StringRef> redirects[] = {StringRef(), StringRef(messages), StringRef(messages)};
  std::string problem;
  int status = llvm::sys::ExecuteAndWait(ptxas, arguments, std::nullopt, redirects, /*SecondsToWait=*/300, /*MemoryLimit=*/0, &problem);
  auto text = llvm::MemoryBuffer::getFile(messages);
  StringRef said = text ? (*text)->getBuffer() : StringRef();
  auto cubin = llvm::MemoryBuffer::getFile(binary, false, /*RequiresNullTerminator=*/false);
  if (status || !cubin) {
    error = "`" + ptxas + "` refuses the code for " + target.name + ": " + (said.empty() ? problem : said.take_front(2000).trim().str());
    return false;
  }
  readMessages(said, result);
  result.bytes.assign((*cubin)->getBufferStart(), (*cubin)->getBufferEnd());
  return true;
}

std::string attn::nvidia::complaint(const Cubin &cubin, const std::string &entry) {
  for (const std::string &warning : cubin.warnings)
    if (StringRef(warning).contains("C75") && StringRef(warning).contains(entry))
      return "products on tensor cores would wait for each other (" + StringRef(warning).trim().str() + ")";
  auto use = cubin.kernels.find(entry);
  if (use != cubin.kernels.end() && use->second.spilled)
    return "the code does not fit into registers (" + std::to_string(use->second.spilled) + " bytes are spilled)";
  return "";
}
