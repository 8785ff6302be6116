// attnc build: artifacts for GPUs, to be called without a compiler.
#include "runtime/Artifact.h"
#include "runtime/SessionGpu.h"
#include "tools/attnc/Build.h"
#include "tools/attnc/CompileOptions.h"
#include "tools/attnc/Program.h"
#include "tools/attnc/Text.h"
#include <atomic>
#include <iostream>
#include <mutex>
#include <set>
#include <thread>

using namespace attn;
using namespace attnc;

namespace {

std::vector<std::string> parts(const std::string &list) {
  std::vector<std::string> result;
  for (size_t at = 0; at <= list.size();) {
    size_t comma = std::min(list.find(',', at), list.size());
    if (comma > at)
      result.push_back(list.substr(at, comma - at));
    at = comma + 1;
  }
  return result;
}

/// "128" or "192x128": D and E.
struct HeadDim {
  int64_t d, e;
};

/// What the options say.
struct Wanted {
  std::vector<std::string> targets, dtypes;
  std::vector<HeadDim> sizes;
  std::string folder;
  CompileOptions compile;
  int64_t jobs = 1;
  bool assemble = true, strict = false, allowSpills = false;
};

std::string readWanted(const Arguments &arguments, Wanted &wanted) {
  std::string error;
  if (arguments.operands().empty())
    return "which files?";
  wanted.folder = arguments.get("-o");
  if (wanted.folder.empty())
    return "`-o DIR` is missing: where shall the artifacts go?";
  wanted.targets = parts(arguments.get("--target", "sm_90a,sm_80"));
  for (const std::string &target : wanted.targets)
    if (target != "sm_90a" && target != "sm_80")
      return "`--target " + target + "`: artifacts are for sm_90a and sm_80";
  wanted.dtypes = parts(arguments.get("--dtype", "bf16"));
  for (const std::string &dtype : wanted.dtypes)
    if (dtype != "bf16" && dtype != "f16" && dtype != "f32")
      return "`--dtype` is a list of bf16, f16, f32, not `" + dtype + "`";
  for (const std::string &size : parts(arguments.get("--head-dim", "64,128"))) {
    size_t cross = size.find('x');
    std::optional<int64_t> d = parseInt(size.substr(0, cross)), e = cross == size.npos ? d : parseInt(size.substr(cross + 1));
    if (!d || !e || *d < 1 || *e < 1 || *d > 4096 || *e > 4096)
      return "`--head-dim` is a list of lengths such as 64, or 192x128 for D=192 and E=128, not `" + size + "`";
    wanted.sizes.push_back({*d, *e});
  }
  if (wanted.targets.empty() || wanted.dtypes.empty() || wanted.sizes.empty())
    return "`--target`, `--dtype` and `--head-dim` need at least one value each";
  wanted.jobs = arguments.integer("--jobs", std::max(1u, std::thread::hardware_concurrency()), 1, error);
  wanted.assemble = !arguments.has("--ptx-only");
  wanted.strict = arguments.has("--strict");
  wanted.allowSpills = arguments.has("--allow-spills");
  Arguments rest = arguments;
  rest.set("--target", wanted.targets[0]);
  readCompileOptions(rest, wanted.compile, error);
  return error;
}

/// One image to make.
struct Job {
  const Loaded *loaded = nullptr;
  Image *image = nullptr;
  std::string what, text; ///< "causal bf16 D=64 E=64 sm_90a", and what there is to say
  Diagnostics diagnostics;
  std::string error;
  bool failed = false;
};

/// Everything that is made of the files, and what it is made from.
struct Work {
  std::vector<std::unique_ptr<Loaded>> programs;
  std::vector<std::unique_ptr<Artifact>> artifacts;
  std::vector<std::unique_ptr<Job>> jobs;
};

/// Adds the variants of one file.
Status add(const std::string &path, const Arguments &arguments, const Wanted &wanted, Work &work) {
  auto artifact = std::make_unique<Artifact>();
  for (const std::string &dtype : wanted.dtypes)
    for (HeadDim size : wanted.sizes) {
      Arguments choice = arguments;
      choice.set("--dtype", dtype);
      choice.set("--shape", "D=" + std::to_string(size.d) + ",E=" + std::to_string(size.e));
      Status status = Ok;
      std::unique_ptr<Source> source = readSource(path, status);
      std::unique_ptr<Loaded> loaded = source ? instantiate(std::move(source), choice, {}, status) : nullptr;
      if (!loaded)
        return status;
      artifact->name = loaded->program.name;
      Variant &variant = artifact->variants.emplace_back();
      variant.signature = signatureOf(loaded->program);
      variant.images.resize(wanted.targets.size());
      work.programs.push_back(std::move(loaded));
    }
  size_t program = work.programs.size() - artifact->variants.size();
  for (Variant &variant : artifact->variants) {
    for (size_t t = 0; t < wanted.targets.size(); ++t) {
      auto job = std::make_unique<Job>();
      job->loaded = work.programs[program].get();
      job->image = &variant.images[t];
      job->image->target = wanted.targets[t];
      job->what = text("%s %s D=%.0f E=%.0f %s", artifact->name.c_str(), core::spelling(variant.signature.dtype), variant.constant("D"),
                       variant.constant("E"), wanted.targets[t].c_str());
      work.jobs.push_back(std::move(job));
    }
    ++program;
  }
  for (auto &other : work.artifacts)
    if (other->name == artifact->name)
      return Status(usageError("two files have a pattern `" + artifact->name + "`; their artifacts would have one name"));
  work.artifacts.push_back(std::move(artifact));
  return Ok;
}

void compile(Job &job, const Wanted &wanted) {
  CompileOptions options = wanted.compile;
  options.target = job.image->target;
  std::optional<GpuCode> code = compileForGpu(job.loaded->program, job.loaded->sources(), options, wanted.assemble, job.diagnostics, job.error);
  job.failed = !code;
  if (!code)
    return;
  job.text = text("%.1f s", code->seconds);
  for (const Manifest::Kernel &kernel : code->manifest.kernels) {
    const Manifest::Launch &launch = kernel.launch;
    job.text += "\n    " + kernel.name + ": " + launch.path;
    if (launch.registers)
      job.text += text(", %d threads of %d registers", launch.threads, launch.registers);
    if (!launch.reason.empty())
      job.text += ", because " + launch.reason;
    if (wanted.strict && !launch.reason.empty()) {
      job.failed = true;
      job.error = "the kernel `" + kernel.name + "` does not use tensor cores: " + launch.reason;
    }
  }
  if (!wanted.allowSpills && !code->complaints.empty()) {
    job.failed = true;
    job.error = "kernel " + code->complaints.front() + "; smaller tiles (`--schedule cols=32`) may help, and `--allow-spills` takes it as it is";
  }
  job.image->manifest = std::move(code->manifest);
  job.image->cubin.bytes.assign(code->cubin.begin(), code->cubin.end());
  // Only its own architecture takes the PTX of an architecture with a suffix.
  if (!wanted.assemble || job.image->target.back() != 'a')
    job.image->ptx.bytes = std::move(code->ptx);
}

Options only(const Options &all, const std::set<std::string> &names) {
  Options result;
  for (const Option &option : all)
    if (names.count(option.name))
      result.push_back(option);
  return result;
}

int run(const Arguments &arguments) {
  Wanted wanted;
  if (std::string error = readWanted(arguments, wanted); !error.empty())
    return usageError(error, "`attnc help build` lists the options");
  Work work;
  for (const std::string &path : arguments.operands())
    if (Status status = add(path, arguments, wanted, work); status != Ok)
      return status;

  std::atomic<size_t> next{0};
  std::mutex printing;
  auto worker = [&] {
    for (size_t n; (n = next++) < work.jobs.size();) {
      Job &job = *work.jobs[n];
      compile(job, wanted);
      std::lock_guard<std::mutex> lock(printing);
      std::cout << job.what << ": " << (job.failed ? "failed" : job.text) << std::endl;
    }
  };
  std::vector<std::thread> threads;
  for (int64_t n = 1; n < std::min<int64_t>(wanted.jobs, int64_t(work.jobs.size())); ++n)
    threads.emplace_back(worker);
  worker();
  for (std::thread &thread : threads)
    thread.join();

  int status = Ok;
  for (const std::unique_ptr<Job> &job : work.jobs) {
    job->diagnostics.sort();
    report(job->loaded->sources(), job->diagnostics);
    if (job->failed)
      status = job->error.empty() ? int(Failed) : failure(job->what + ": " + job->error);
  }
  if (status != Ok)
    return status;
  for (const std::unique_ptr<Artifact> &artifact : work.artifacts)
    if (std::string error = writeArtifact(*artifact, wanted.folder); !error.empty())
      return failure(error);
  return Ok;
}

} // namespace

Command attnc::buildCommand() {
  return {"build", "FILE.attn .. -o DIR", "compile for GPUs into files that hosts load",
          "Writes DIR/NAME.json for the pattern NAME of every file, and the machine code (cubin) and\n"
          "PTX that it lists. The library attn-runtime loads and launches them without a compiler.\n"
          "Kernels whose registers spill or whose products wait for each other get smaller tiles; code\n"
          "with spilled registers even so is an error, or taken as it is with `--allow-spills`.",
          only(programOptions(), {"--pattern", "--set", "--shape"}) +
              Options{{"-o", "DIR", "the folder; made if it is missing"},
                      {"--target", "sm_90a,sm_80", "architectures (default: both)"},
                      {"--dtype", "bf16,f16,f32", "types of q, k and v (default: bf16)"},
                      {"--head-dim", "64,192x128", "D and E, or both in one (default: 64,128)"},
                      {"--ptx-only", "", "no machine code: needs no assembler; the driver makes it"},
                      {"--strict", "", "every kernel that tensor cores could not take is an error"},
                      {"--allow-spills", "", "code that stores registers to memory is no error"},
                      {"--jobs", "NUMBER", "how many to compile at a time (default: all cores)"}} +
              only(compileOptions(), {"--schedule", "--ptxas"}),
          run};
}
