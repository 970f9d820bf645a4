// CONFIG TRACE WINDOW: the reads and writes of a trace, cut into bursts, through Ramulator 2.1; one line of
// figures. How it is built is told in ramulator.py.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "ramulator/base/config.h"
#include "ramulator/base/factory.h"
#include "ramulator/frontend/i_frontend.h"
#include "ramulator/memory_system/i_memory_system.h"

using namespace Ramulator;

struct Burst {
  long address;
  int write;
};

long total(const std::string& text, const std::string& name) {
  long sum = 0;
  const std::string key = " " + name + ":";
  for (size_t at = text.find(key); at != std::string::npos; at = text.find(key, at + 1))
    sum += std::atol(text.c_str() + at + key.size());
  return sum;
}

int main(int, char** arguments) {
  ConfigNode config = Config::parse_config_file(arguments[1]);
  IFrontEnd* front = Factory::create_frontend(config);
  IMemorySystem* memory = Factory::create_memory_system(config);
  front->connect_memory_system(memory);
  memory->connect_frontend(front);

  const int bytes = memory->get_tx_bytes();
  const long window = std::atol(arguments[3]);
  std::vector<Burst> bursts;
  std::ifstream trace(arguments[2]);
  std::string kind;
  for (long address, size; trace >> kind >> address >> size;)
    for (long at = address / bytes * bytes; at < address + size; at += bytes)
      bursts.push_back({at, kind == "W"});

  std::vector<long> latencies;  // of reads: writes are called done when they are taken
  long under_way = 0, cycle = 0;
  size_t asked = 0, done = 0;
  auto arrived = [&](Request& request) {
    done++, under_way--;
    if (request.type_id == 0) latencies.push_back(request.depart - request.arrive - 1);
  };
  while (done < bursts.size()) {
    while (asked < bursts.size() && (window == 0 || under_way < window)) {
      if (!front->receive_external_requests(bursts[asked].write, bursts[asked].address, 0, arrived, bytes)) break;
      under_way++, asked++;
    }
    memory->tick();
    cycle++;
  }
  front->update_stats_recursive();
  memory->update_stats_recursive();
  std::ostringstream told;
  memory->print_stats(told);

  std::sort(latencies.begin(), latencies.end());
  double sum = 0;
  for (long latency : latencies) sum += latency;
  const size_t count = latencies.size(), at = count ? size_t(std::ceil(0.99 * count)) - 1 : 0;
  std::printf("%ld,%.4f,%ld,%ld\n", cycle, count ? sum / count : 0, count ? latencies[at] : 0,
              total(told.str(), "row_hits"));
}
