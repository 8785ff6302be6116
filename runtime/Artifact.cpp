#include "runtime/Artifact.h"
#include "runtime/ManifestJson.h"
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace attn;

double Variant::constant(const std::string &name) const {
  for (const core::Constant &c : signature.constants)
    if (c.name == name)
      return c.value;
  return 0;
}

core::Program attn::signatureOf(const core::Program &program) {
  core::Program result;
  result.name = program.name;
  result.doc = program.doc;
  result.dtype = program.dtype;
  result.constants = program.constants;
  result.axes = program.axes;
  result.tensors = program.tensors;
  result.params = program.params;
  return result;
}

uint64_t attn::hashOf(const std::string &bytes) {
  uint64_t hash = 0xcbf29ce484222325;
  for (unsigned char byte : bytes)
    hash = (hash ^ byte) * 0x100000001b3;
  return hash;
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

static std::string folderOf(const std::string &path) {
  size_t slash = path.rfind('/');
  return slash == path.npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

/// A regular file of at most `limit` bytes.
static std::optional<std::string> readFile(const std::string &path, int64_t limit, std::string &error) {
  auto fail = [&](const std::string &what) {
    error = "cannot read `" + path + "`: " + what;
    return std::nullopt;
  };
  int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return fail(std::strerror(errno));
  struct stat info;
  std::string bytes, wrong;
  if (fstat(file, &info) != 0)
    wrong = std::strerror(errno);
  else if (!S_ISREG(info.st_mode))
    wrong = "it is no file";
  else if (info.st_size > limit)
    wrong = "it has more than " + std::to_string(limit) + " bytes";
  char block[1 << 16];
  for (ssize_t count = 1; wrong.empty() && count > 0 && int64_t(bytes.size()) <= limit;) {
    count = read(file, block, sizeof block);
    if (count > 0)
      bytes.append(block, size_t(count));
    else if (count < 0 && errno == EINTR)
      count = 1;
    else if (count < 0)
      wrong = std::strerror(errno);
  }
  close(file);
  if (!wrong.empty())
    return fail(wrong);
  return bytes;
}

std::optional<Artifact> attn::readArtifact(const std::string &path, std::string &error) {
  std::optional<std::string> text = readFile(path, int64_t(64) << 20, error);
  if (!text)
    return std::nullopt;
  std::optional<Artifact> artifact = fromJson(*text, error);
  if (!artifact) {
    error = "`" + path + "`: " + error;
    return std::nullopt;
  }
  artifact->folder = folderOf(path);
  return artifact;
}

std::optional<std::string> attn::readBinary(const Artifact &artifact, const Binary &binary, std::string &error) {
  if (!binary.bytes.empty())
    return binary.bytes;
  std::string path = artifact.folder + "/" + binary.file;
  std::optional<std::string> bytes = readFile(path, int64_t(1) << 32, error);
  if (bytes && (bytes->size() != binary.size || hashOf(*bytes) != binary.hash)) {
    error = "`" + path + "` is not the file that `" + artifact.name + ".json` was written with";
    return std::nullopt;
  }
  return bytes;
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

/// Under a temporary name, flushed, renamed.
static std::string writeFile(const std::string &folder, const std::string &name, const std::string &bytes) {
  std::string final = folder + "/" + name, temporary = folder + "/." + name + "." + std::to_string(getpid()) + ".tmp";
  auto fail = [&] {
    std::string what = std::strerror(errno);
    unlink(temporary.c_str());
    return "cannot write `" + final + "`: " + what;
  };
  int file = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0)
    return fail();
  for (size_t done = 0; done < bytes.size();) {
    ssize_t count = write(file, bytes.data() + done, bytes.size() - done);
    if (count < 0 && errno != EINTR) {
      std::string result = fail();
      close(file);
      return result;
    }
    done += size_t(std::max<ssize_t>(count, 0));
  }
  bool flushed = fsync(file) == 0;
  if ((close(file) != 0) | !flushed || std::rename(temporary.c_str(), final.c_str()) != 0)
    return fail();
  return "";
}

static std::string baseName(const std::string &name, const Variant &variant, const Image &image) {
  std::string result = name + "." + core::spelling(variant.signature.dtype);
  int64_t d = int64_t(variant.constant("D")), e = int64_t(variant.constant("E"));
  if (d)
    result += ".d" + std::to_string(d);
  if (e && e != d)
    result += ".e" + std::to_string(e);
  return result + "." + image.target;
}

std::string attn::writeArtifact(Artifact &artifact, const std::string &folder) {
  for (size_t slash = folder.find('/', 1);; slash = folder.find('/', slash + 1)) {
    if (mkdir(folder.substr(0, slash).c_str(), 0777) != 0 && errno != EEXIST)
      return "cannot make the folder `" + folder + "`: " + std::strerror(errno);
    if (slash == folder.npos)
      break;
  }
  artifact.folder = folder;
  for (Variant &variant : artifact.variants)
    for (Image &image : variant.images) {
      std::string base = baseName(artifact.name, variant, image);
      for (auto [binary, ending] : {std::pair(&image.cubin, ".cubin"), std::pair(&image.ptx, ".ptx")}) {
        if (binary->bytes.empty())
          continue;
        binary->file = base + ending;
        binary->size = binary->bytes.size();
        binary->hash = hashOf(binary->bytes);
        if (std::string error = writeFile(folder, binary->file, binary->bytes); !error.empty())
          return error;
      }
    }
  return writeFile(folder, artifact.name + ".json", toJson(artifact));
}
