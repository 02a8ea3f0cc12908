// What the machine offers and has taken: CPUs, descriptors, ports. Main thread, at start.
#pragma once

#include "weir/base/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace weir::app {

// CPUs this process may use: affinity and the cgroup's quota, at least 1.
unsigned usable_cpus();
// From the text of cpu.max ("200000 100000", "max 100000"): CPUs rounded up; 0: no limit or unreadable.
unsigned cpus_of_quota(std::string_view cpu_max);

// Descriptors 0 to 2 that whoever started us has closed become ones that nothing can be written to. Otherwise the next
// socket has that number, and lines of the logs go into it.
void occupy_standard_streams();

// Empty when it cannot be had.
std::string host_name();

// Raises the soft limit of open files to the hard one.
void raise_descriptor_limit();

// Makes the right to open ports below 1024 effective where the program's file permits it. The image permits it without
// making it effective: with "+ep" the kernel would refuse to start the program at all where the capability was dropped,
// as it is when all ports are high. Holds for the calling thread and those it starts.
void raise_bind_capability();

// Fails when another socket listens on the port, also one that would share it by SO_REUSEPORT:
// "port N is already in use. Please check the flag --http-port".
base::Result<void> check_port_free(std::uint16_t port, std::string_view flag);

}  // namespace weir::app
