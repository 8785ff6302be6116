// Feeds the front end with changed programs and, with --import, the importer,
// with --plan also the passes, with --oracle the reference evaluator.
//   attn-fuzz [--runs N] [--minutes N] [--seed N] [--save FILE] [--import] [--plan] [--oracle] PATH ...
// PATH is a program, a page with programs, or a folder of both. The runs depend
// on the seed alone. A run that crashes, hangs or breaks a promise is printed
// and, with --save, written to FILE.
#include "test/fuzz/CheckText.h"
#include "test/fuzz/Mutator.h"
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <iostream>
#include <string>
#include <unistd.h>

using namespace attn;

// What a signal handler may look at.
static const char *currentText = nullptr;
static size_t currentSize = 0;
static const char *savePath = nullptr;

static std::vector<ProgramCheck> programChecks;

static void writeAll(int file, const char *text, size_t size) {
  while (size > 0) {
    ssize_t written = write(file, text, size);
    if (written <= 0)
      return;
    text += written;
    size -= written;
  }
}

static void onSignal(int number) {
  const char *what = number == SIGALRM ? "\nfuzz: this text takes more than 10 s:\n" : "\nfuzz: this text fails:\n";
  writeAll(2, what, strlen(what));
  writeAll(2, currentText, currentSize);
  if (savePath) {
    int file = open(savePath, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    writeAll(file, currentText, currentSize);
  }
  _exit(1);
}

static void catchSignals() {
  // A stack that has overflowed cannot run the handler.
  static char spare[64 * 1024];
  stack_t stack = {};
  stack.ss_sp = spare;
  stack.ss_size = sizeof spare;
  sigaltstack(&stack, nullptr);
  struct sigaction action = {};
  action.sa_handler = onSignal;
  action.sa_flags = SA_ONSTACK;
  for (int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGALRM})
    sigaction(number, &action, nullptr);
}

static void runOne(const std::string &text) {
  currentText = text.data();
  currentSize = text.size();
  alarm(10);
  checkText(text, programChecks);
  alarm(0);
}

int main(int argc, char **argv) {
  uint64_t runs = 0, seed = 1;
  double minutes = 0;
  std::vector<std::string> corpus;
  for (int k = 1; k < argc; ++k) {
    std::string argument = argv[k];
    bool hasValue = k + 1 < argc;
    if (argument == "--runs" && hasValue)
      runs = std::strtoull(argv[++k], nullptr, 10);
    else if (argument == "--minutes" && hasValue)
      minutes = std::strtod(argv[++k], nullptr);
    else if (argument == "--seed" && hasValue)
      seed = std::strtoull(argv[++k], nullptr, 10);
    else if (argument == "--save" && hasValue)
      savePath = argv[++k];
    else if (argument == "--import")
      programChecks.push_back(checkImporter);
    else if (argument == "--plan")
      programChecks.push_back(checkPlanner);
    else if (argument == "--oracle")
      programChecks.push_back(checkOracle);
    else if (argument.compare(0, 2, "--") == 0) {
      std::cerr << "attn-fuzz: unknown option " << argument << "\n";
      return 2;
    } else
      for (std::string &program : readCorpus(argument))
        corpus.push_back(std::move(program));
  }
  Mutator mutator(std::move(corpus));
  if (mutator.empty()) {
    std::cerr << "attn-fuzz: no programs\n";
    return 2;
  }
  catchSignals();
  for (size_t k = 0; k < mutator.size(); ++k)
    runOne(mutator.program(k));
  auto begin = std::chrono::steady_clock::now();
  auto elapsed = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(); };
  uint64_t done = 0;
  for (; done < runs || elapsed() < minutes * 60; ++done) {
    Random random(seed * 1000003 + done);
    runOne(mutator.mutated(random));
  }
  std::cout << mutator.size() << " programs, " << done << " changed ones: nothing found\n";
  return 0;
}
