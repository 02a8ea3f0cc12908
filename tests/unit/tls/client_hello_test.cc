#include "weir/tls/client_hello.h"

#include <gtest/gtest.h>

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace weir::tls {
namespace {

std::string number(std::size_t value, int width) {
  std::string out;
  for (int shift = 8 * (width - 1); shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
  return out;
}

std::string sized(const std::string& bytes, int width) {
  return number(bytes.size(), width) + bytes;
}

std::string extension(std::size_t type, const std::string& content) {
  return number(type, 2) + sized(content, 2);
}

std::string server_name(const std::string& name, char kind = 0) {
  return extension(0, sized(kind + sized(name, 2), 2));
}

const std::string kBeforeExtensions =
    number(0x0303, 2) + std::string(32, 'r') + sized("", 1) + sized("\x13\x01", 2) + sized(std::string(1, '\0'), 1);

std::string message(const std::string& body) {
  return number(1, 1) + sized(body, 3);
}
std::string message_with(const std::string& extensions) {
  return message(kBeforeExtensions + sized(extensions, 2));
}
std::string record(const std::string& content) {
  return number(22, 1) + number(0x0301, 2) + sized(content, 2);
}
std::string hello_with(const std::string& extensions) {
  return record(message_with(extensions));
}

// What this library's own client sends first.
std::string real_hello(const char* name, long max_version = TLS1_3_VERSION) {
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  SSL_CTX_set_max_proto_version(context.get(), static_cast<int>(max_version));
  const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context.get()), SSL_free);
  SSL_set_bio(ssl.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  if (name != nullptr)
    SSL_ctrl(ssl.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, const_cast<char*>(name));
  SSL_connect(ssl.get());
  std::string bytes(16 * 1024, '\0');
  const int size = BIO_read(SSL_get_wbio(ssl.get()), bytes.data(), static_cast<int>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(size));
  return bytes;
}

void expect_name(const std::string& input, const std::string& name) {
  const ClientHello hello = parse_client_hello(input);
  EXPECT_EQ(hello.status, HelloStatus::whole);
  EXPECT_EQ(hello.server_name, name);
}

HelloStatus status_of(const std::string& input) {
  return parse_client_hello(input).status;
}

TEST(ClientHello, TheNameOfARealClientIsRead) {
  for (const long version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    expect_name(real_hello("a.example", version), "a.example");
    expect_name(real_hello("A.Example", version), "a.example");
    expect_name(real_hello(nullptr, version), "");
  }
}

TEST(ClientHello, EveryBeginningWaitsForTheRest) {
  const std::string whole = real_hello("a.example");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(status_of(whole.substr(0, size)), HelloStatus::more) << size;
  }
  expect_name(whole + "what follows", "a.example");
}

TEST(ClientHello, AHelloMayComeInSeveralRecords) {
  const std::string one = message_with(server_name("a.example"));
  for (std::size_t cut = 1; cut < one.size(); ++cut) {
    expect_name(record(one.substr(0, cut)) + record(one.substr(cut)), "a.example");
  }
  std::string bytewise;
  for (const char byte : one) bytewise += record(std::string(1, byte));
  expect_name(bytewise, "a.example");
  EXPECT_EQ(status_of(bytewise.substr(0, bytewise.size() - 1)), HelloStatus::more);
}

TEST(ClientHello, WithoutExtensionsOrWithoutANameThereIsNone) {
  expect_name(record(message(kBeforeExtensions)), "");
  expect_name(hello_with(""), "");
  expect_name(hello_with(extension(10, "xx")), "");
  expect_name(hello_with(extension(10, "xx") + server_name("b.example") + extension(11, "")), "b.example");
}

TEST(ClientHello, WhatIsNoHandshakeIsKnownByItsFirstBytes) {
  for (const std::string& bytes :
       {std::string("G"), std::string("GET / HTTP/1.1\r\n"), std::string("\x80\x2e\x01", 3), std::string("\x16\x02", 2),
        std::string("\x15\x03\x01", 3), std::string("\x16\x03\x01\x00\x00", 5), std::string("\x16\x03\x01\x40\x01", 5),
        record("\x02").substr(0, 6)}) {
    EXPECT_EQ(status_of(bytes), HelloStatus::unreadable) << bytes;
  }
  EXPECT_EQ(status_of(record("\x01") + "G"), HelloStatus::unreadable);
}

TEST(ClientHello, MalformedOnesAreUnreadable) {
  const std::string name = server_name("a.example");
  const std::vector<std::string> bad = {
      record(message("")),
      record(message(kBeforeExtensions.substr(0, kBeforeExtensions.size() - 1))),
      record(message(kBeforeExtensions + "x")),                   // half a length
      record(message(kBeforeExtensions + number(9, 2) + "x")),    // more promised than there is
      record(message(kBeforeExtensions + sized(name, 2) + "x")),  // more there than promised
      hello_with(name + name),                                    // named twice
      hello_with(server_name("")),                                // nobody
      hello_with(server_name("a.example", 1)),                    // a kind of name that never was
      hello_with(server_name(std::string("a.example\0.b", 12))),  // a byte that ends names elsewhere
      hello_with(server_name(std::string(256, 'a'))),             // longer than any name
      hello_with(extension(0, "")),                               // no list
      hello_with(extension(0, sized("", 2))),                     // an empty list
      hello_with(extension(0, sized('\0' + sized("a", 2) + '\0' + sized("b", 2), 2))),  // two names
      hello_with(extension(0, sized('\0' + sized("a", 2), 2) + "x")),
      hello_with(number(0, 1)),
      record(message(number(0x0303, 2) + std::string(32, 'r') + sized(std::string(33, 's'), 1) + sized("\x13\x01", 2) +
                     sized(std::string(1, '\0'), 1))),  // too long a session id
      record(message(number(0x0303, 2) + std::string(32, 'r') + sized("", 1) + sized("\x13", 2) +
                     sized(std::string(1, '\0'), 1))),  // half a cipher
  };
  for (std::size_t i = 0; i < bad.size(); ++i) EXPECT_EQ(status_of(bad[i]), HelloStatus::unreadable) << i;
}

TEST(ClientHello, OneThatIsTooLongIsGivenUpAtTheLimitAndBeforeItCame) {
  EXPECT_EQ(status_of(record(number(1, 1) + number(kClientHelloMax + 1, 3))), HelloStatus::unreadable);
  std::string endless = record(number(1, 1) + number(kClientHelloMax, 3));
  while (endless.size() < kClientHelloMax - 6) {
    EXPECT_EQ(status_of(endless), HelloStatus::more);
    endless += record("x");
  }
  endless.resize(kClientHelloMax, 22);
  EXPECT_EQ(status_of(endless), HelloStatus::unreadable);
  const std::string padded = hello_with(server_name("a.example") + extension(21, std::string(15000, '\0')));
  ASSERT_LT(padded.size(), kClientHelloMax);
  expect_name(padded, "a.example");
}

}  // namespace
}  // namespace weir::tls
