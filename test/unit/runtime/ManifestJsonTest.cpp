// Artifacts as JSON: what is written is read again; anything else is an error.
#include "runtime/ManifestJson.h"
#include "ArtifactSample.h"
#include "frontend/Scalar.h"
#include <fstream>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

using namespace attn;
using nlohmann::json;

namespace {

std::string written(Artifact artifact) {
  for (Image &image : artifact.variants[0].images) {
    image.cubin.file = "p.cubin";
    image.ptx.file = "p.ptx";
  }
  return toJson(artifact);
}

/// Reads a text that is probably wrong. Whatever is accepted must be callable.
void survives(const std::string &text) {
  std::string error;
  std::optional<Artifact> artifact = fromJson(text, error);
  ASSERT_EQ(artifact.has_value(), error.empty()) << error;
  if (artifact)
    for (const Variant &variant : artifact->variants)
      for (const Image &image : variant.images)
        ASSERT_EQ(validate(image.manifest), "");
}

/// Calls `visit` with every value below `value`.
void walk(json &value, const std::function<void(json &)> &visit) {
  if (value.is_structured())
    for (json &inner : value)
      walk(inner, visit);
  visit(value);
}

} // namespace

TEST(ManifestJson, RoundTrip) {
  std::string text = written(sampleArtifact()), error;
  std::optional<Artifact> artifact = fromJson(text, error);
  ASSERT_TRUE(artifact) << error;
  EXPECT_EQ(toJson(*artifact), text);
  const Variant &variant = artifact->variants[0];
  EXPECT_EQ(variant.constant("D"), 64);
  ASSERT_EQ(variant.signature.params.size(), 4u); // scale and offset too
  // 1 / log(M), not a constant, is evaluated with the lengths of a call.
  auto slope = evaluateScalar(*variant.signature.params[3].defaultValue, {{1, 1, 1, 1, 100}, {}});
  ASSERT_TRUE(slope);
  EXPECT_NEAR(slope->real, 0.21714724, 1e-8);
  EXPECT_EQ(variant.images[0].manifest.sizes.size(), sampleManifest("").sizes.size());
}

TEST(ManifestJson, Truncated) {
  std::string text = written(sampleArtifact()), error;
  for (size_t length = 0; length + 2 < text.size(); length += 31) {
    std::optional<Artifact> artifact = fromJson(text.substr(0, length), error);
    ASSERT_FALSE(artifact) << length;
    ASSERT_FALSE(error.empty());
  }
}

// Every value of the text in turn becomes something else.
TEST(ManifestJson, Replaced) {
  json whole = json::parse(written(sampleArtifact()));
  whole["variants"][0]["images"].erase(1);
  std::vector<json> others{nullptr, true, -1, 0, 1e300, 9223372036854775807, 18446744073709551615u, "x", "", json::array(), json::object(), {{"op", "pow"}, {"args", {1}}}};
  size_t count = 0;
  walk(whole, [&](json &) { ++count; });
  for (size_t n = 0; n < count; ++n)
    for (size_t k = 0; k < 4; ++k) {
      json changed = whole;
      size_t at = 0;
      walk(changed, [&](json &value) {
        if (at++ == n)
          value = others[(n + 3 * k) % others.size()];
      });
      survives(changed.dump());
    }
}

TEST(ManifestJson, Removed) {
  json whole = json::parse(written(sampleArtifact()));
  json flat = whole.flatten();
  for (auto &entry : flat.items()) {
    json patch = json::array({{{"op", "remove"}, {"path", entry.key()}}});
    survives(whole.patch(patch).dump());
  }
}

TEST(ManifestJson, Deep) {
  survives(std::string(20000, '['));
  json whole = json::parse(written(sampleArtifact()));
  json nested = 1;
  for (int n = 0; n < 100; ++n)
    nested = {{"op", "neg"}, {"args", json::array({nested})}};
  whole["variants"][0]["signature"]["params"][0]["default"] = nested;
  std::string error;
  EXPECT_FALSE(fromJson(whole.dump(), error));
  EXPECT_NE(error.find("nested too deeply"), error.npos) << error;
}

TEST(ManifestJson, Messages) {
  json whole = json::parse(written(sampleArtifact()));
  auto expect = [&](const char *pointer, const json &value, const std::string &message) {
    json changed = whole;
    changed[json::json_pointer(pointer)] = value;
    std::string error;
    EXPECT_FALSE(fromJson(changed.dump(), error));
    EXPECT_EQ(error, message);
  };
  expect("/version", 2, "version: version 2 is not known here, only 1");
  expect("/format", "zip", "format: this is no artifact");
  expect("/variants/0/images/1/manifest/slots", 0, "variants[0].images[1].manifest.slots: a whole number from 1 to 4080 is needed");
  expect("/variants/0/images/0/manifest/tensors/4/slot", 36, "variants[0].images[0].manifest: the slots of `out` lie outside the frame");
  expect("/variants/0/images/0/manifest/sizes/0", "add", "variants[0].images[0].manifest: the size program is malformed");
  expect("/variants/0/images/0/manifest/sizes/0", "slot 37", "variants[0].images[0].manifest: the size program is malformed");
  expect("/variants/0/images/0/manifest/sizes/0", "jump 3", "variants[0].images[0].manifest.sizes[0]: `jump 3` is no step of a size program");
  expect("/variants/0/images/0/manifest/kernels/0/maps/0/tensor", 9, "variants[0].images[0].manifest: a tensor map of `main` is of no tensor");
  expect("/variants/0/images/0/cubin/file", "../p.cubin", "variants[0].images[0].cubin.file: the name of a file in the same folder is needed");
  expect("/variants/0/signature/params/0/default", json{{"param", "window"}}, "variants[0].signature.params[0].default.param: there is no `window`");
}

TEST(Artifact, Files) {
  Folder folder;
  Artifact artifact = sampleArtifact();
  ASSERT_EQ(writeArtifact(artifact, folder.path), "");
  std::string error;
  std::optional<Artifact> read = readArtifact(folder.path + "/p.json", error);
  ASSERT_TRUE(read) << error;
  const Image &image = read->variants[0].images[1];
  EXPECT_EQ(image.ptx.file, "p.bf16.d64.sm_80.ptx");
  EXPECT_EQ(readBinary(*read, image.ptx, error), artifact.variants[0].images[1].ptx.bytes);

  std::ofstream(folder.path + "/p.bf16.d64.sm_80.ptx", std::ios::app) << "more";
  EXPECT_FALSE(readBinary(*read, image.ptx, error));
  EXPECT_NE(error.find("is not the file that `p.json` was written with"), error.npos) << error;
  EXPECT_FALSE(readArtifact(folder.path + "/none.json", error));
  EXPECT_NE(error.find("No such file"), error.npos) << error;
  EXPECT_FALSE(readArtifact(folder.path, error));
  EXPECT_NE(error.find("it is no file"), error.npos) << error;
  Artifact elsewhere = sampleArtifact();
  EXPECT_NE(writeArtifact(elsewhere, folder.path + "/p.json").find("cannot"), std::string::npos);
}
