// System calls of UDP services.
#include "proxy/datagram.h"

#include "weir/net/listen.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace weir::proxy {
namespace {

union Control {
  cmsghdr header;  // for its alignment
  char bytes[CMSG_SPACE(sizeof(in6_pktinfo))];
};

template <class Info>
void add_info(msghdr& message, Control& control, int level, int type, const Info& info) {
  message.msg_control = control.bytes;
  message.msg_controllen = CMSG_SPACE(sizeof info);
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = level;
  header->cmsg_type = type;
  header->cmsg_len = CMSG_LEN(sizeof info);
  std::memcpy(CMSG_DATA(header), &info, sizeof info);
}

void read_info(msghdr& message, ReceivedDatagram& out) {
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO) {
      in_pktinfo info{};
      std::memcpy(&info, CMSG_DATA(header), sizeof info);
      out.to.bytes[10] = out.to.bytes[11] = 0xff;
      std::memcpy(&out.to.bytes[12], &info.ipi_spec_dst, 4);
    } else if (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info{};
      std::memcpy(&info, CMSG_DATA(header), sizeof info);
      std::memcpy(out.to.bytes.data(), &info.ipi6_addr, 16);
      if (out.to.is_link_local()) out.interface = info.ipi6_ifindex;
    }
  }
}

}  // namespace

base::IpAddress ip_of(const net::Address& address) {
  base::IpAddress ip;
  if (address.family() == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address.storage, sizeof v4);
    ip.bytes[10] = ip.bytes[11] = 0xff;
    std::memcpy(&ip.bytes[12], &v4.sin_addr, 4);
  } else if (address.family() == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address.storage, sizeof v6);
    std::memcpy(ip.bytes.data(), &v6.sin6_addr, 16);
  }
  return ip;
}

int receive_datagram(int fd, char* buffer, ReceivedDatagram& out) {
  Control control{};
  iovec part{buffer, kLongestDatagram};
  msghdr message{};
  message.msg_name = &out.from.storage;
  message.msg_namelen = sizeof out.from.storage;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes;
  message.msg_controllen = sizeof control.bytes;
  const ssize_t size = ::recvmsg(fd, &message, MSG_DONTWAIT);
  if (size < 0) return -errno;
  out.from.size = message.msg_namelen;
  read_info(message, out);
  return static_cast<int>(size);
}

bool send_datagram(int fd, const net::Address& to, const base::IpAddress& from, std::uint32_t interface,
                   std::string_view bytes) {
  Control control{};
  iovec part{const_cast<char*>(bytes.data()), bytes.size()};  // only read
  sockaddr_storage name = to.storage;
  msghdr message{};
  message.msg_name = &name;
  message.msg_namelen = to.size;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (to.family() == AF_INET) {
    in_pktinfo info{};
    std::memcpy(&info.ipi_spec_dst, &from.bytes[12], 4);
    add_info(message, control, IPPROTO_IP, IP_PKTINFO, info);
  } else {
    in6_pktinfo info{};
    std::memcpy(&info.ipi6_addr, from.bytes.data(), 16);
    info.ipi6_ifindex = interface;
    add_info(message, control, IPPROTO_IPV6, IPV6_PKTINFO, info);
  }
  return ::sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

int connect_datagrams(const route::Endpoint& endpoint, int& out) {
  const auto address = net::Address::parse(endpoint.ip.to_string(), endpoint.port);
  if (!address) return EINVAL;
  const int fd = ::socket(address->family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno == ENFILE ? EMFILE : errno;
  int error = 0;
  if (fd >= net::first_reserved_descriptor()) {
    error = EMFILE;
  } else if (::connect(fd, address->data(), address->size) != 0) {
    error = errno;
  }
  if (error != 0) {
    ::close(fd);
    return error;
  }
  out = fd;
  return 0;
}

}  // namespace weir::proxy
