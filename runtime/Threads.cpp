#include "runtime/Threads.h"
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

using namespace attn;

namespace {
/// One loop. A worker that comes late finds nothing left, and never touches `body`.
struct Loop {
  int64_t items = 0;
  const std::function<void(int64_t)> *body = nullptr;
  std::atomic<int64_t> next{0}, done{0};
  std::mutex mutex;
  std::condition_variable finished;

  void work() {
    int64_t mine = 0;
    for (int64_t item; (item = next.fetch_add(1)) < items; ++mine)
      (*body)(item);
    if (mine && done.fetch_add(mine) + mine == items) {
      std::lock_guard<std::mutex> lock(mutex);
      finished.notify_all();
    }
  }
};

/// Threads that outlive a loop: starting one costs more than a small kernel.
class Pool {
public:
  static Pool &get() {
    static Pool *pool = new Pool; // threads may run at exit
    return *pool;
  }
  void help(std::shared_ptr<Loop> loop, int helpers) {
    std::lock_guard<std::mutex> lock(mutex);
    for (int n = 0; n < helpers; ++n)
      queue.push_back(loop);
    while (threads < std::min(helpers, 512)) {
      std::thread([this] { run(); }).detach();
      ++threads;
    }
    wake.notify_all();
  }

private:
  void run() {
    for (;;) {
      std::shared_ptr<Loop> loop;
      {
        std::unique_lock<std::mutex> lock(mutex);
        wake.wait(lock, [&] { return !queue.empty(); });
        loop = std::move(queue.front());
        queue.pop_front();
      }
      loop->work();
    }
  }
  std::mutex mutex;
  std::condition_variable wake;
  std::deque<std::shared_ptr<Loop>> queue;
  int threads = 0;
};
} // namespace

int attn::availableThreads() { return std::max(1u, std::thread::hardware_concurrency()); }

void attn::parallelFor(int64_t items, int threads, const std::function<void(int64_t)> &body) {
  if (items <= 0)
    return;
  if (threads <= 0)
    threads = availableThreads();
  auto loop = std::make_shared<Loop>();
  loop->items = items;
  loop->body = &body;
  if (int64_t helpers = std::min<int64_t>(threads, items) - 1; helpers > 0)
    Pool::get().help(loop, int(helpers));
  loop->work();
  std::unique_lock<std::mutex> lock(loop->mutex);
  loop->finished.wait(lock, [&] { return loop->done.load() == items; });
}
