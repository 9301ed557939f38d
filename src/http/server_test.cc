#include "http/server.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <stdexcept>
#include <thread>

#include "http/testing/certificate.h"
#include "http/testing/raw_socket.h"
#include "http/testing/server_fixture.h"

namespace cloudfolio::http {
namespace {

using namespace std::chrono_literals;

class ServerTest : public ServerFixture {
 protected:
  // Says back what it got.
  static Response echo(Request& request) {
    std::string text = std::string(to_string(request.method)) + " " + request.path;
    for (const auto& [name, value] : request.query) text += " " + name + "=" + value;
    text += " [" + request.body + "]";
    return Response{
        200, {{"X-Seen", std::string(request.headers.find("x-say").value_or("-"))}}, text};
  }
  std::string say(std::string_view bytes) {
    RawSocket peer = RawSocket::connect(port());
    peer.send(bytes);
    return peer.receive_response();
  }
  static bool starts(std::string_view text, std::string_view with) {
    return text.starts_with(with);
  }
};

TEST_F(ServerTest, a_request_reaches_the_handler_and_its_answer_comes_back) {
  serve({}, echo);
  ClientRequest request;
  request.method = Method::post;
  request.url = url("/a%20b?x=1&y=two%20words");
  request.headers.add("X-Say", "hello");
  request.body = std::string("the body");
  const auto response = client->send({}, request);
  ASSERT_TRUE(response) << response.error().message();
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body.view(), "POST /a%20b x=1 y=two words [the body]");
  EXPECT_EQ(response->headers.find("x-seen"), "hello");
  EXPECT_EQ(response->headers.find("X-Request-Id")->size(), 16u);
}

TEST_F(ServerTest, pipelined_requests_are_answered_in_their_order) {
  serve({}, echo);
  RawSocket peer = RawSocket::connect(port());
  std::string all;
  for (int i = 0; i < 20; ++i)
    all += "POST /" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab";
  ASSERT_TRUE(peer.send(all));
  for (int i = 0; i < 20; ++i)
    EXPECT_TRUE(peer.receive_response().ends_with("POST /" + std::to_string(i) + " [ab]")) << i;
}

TEST_F(ServerTest, a_request_may_arrive_byte_by_byte_and_in_chunks) {
  serve({}, echo);
  RawSocket peer = RawSocket::connect(port());
  const std::string_view text =
      "POST /slow HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\n\r\n";
  for (const char byte : text) ASSERT_TRUE(peer.send({&byte, 1}));
  EXPECT_TRUE(peer.receive_response().ends_with("POST /slow [abcde]"));
}

TEST_F(ServerTest, head_has_gets_header_and_no_body) {
  serve({}, echo);
  RawSocket peer = RawSocket::connect(port());
  peer.send("HEAD /h HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const std::string response = peer.receive_all();
  EXPECT_NE(response.find("Content-Length: 10\r\n"), std::string::npos) << response;
  EXPECT_TRUE(response.ends_with("\r\n\r\n"));
}

TEST_F(ServerTest, keep_alive_follows_the_protocols_version_and_header) {
  serve({.requests_per_connection_max = 2}, echo);
  EXPECT_NE(say("GET / HTTP/1.1\r\nHost: x\r\n\r\n").find("Connection: keep-alive"),
            std::string::npos);
  EXPECT_NE(say("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").find("Connection: close"),
            std::string::npos);
  EXPECT_NE(say("GET / HTTP/1.0\r\n\r\n").find("Connection: close"), std::string::npos);
  RawSocket peer = RawSocket::connect(port());
  peer.send("GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_NE(peer.receive_response().find("Connection: keep-alive"), std::string::npos);
  EXPECT_NE(peer.receive_response().find("Connection: close"), std::string::npos);
  EXPECT_EQ(peer.receive_some(), "");
}

TEST_F(ServerTest, malformed_requests_are_refused_with_400) {
  serve({}, echo);
  for (const std::string_view bytes :
       {"nonsense\r\n\r\n", "GET / HTTP/9.9\r\nHost: x\r\n\r\n", "GET /\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost x\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nA\x01: b\r\n\r\n",
        "GET example.test HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
        "0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
    const std::string response = say(bytes);
    EXPECT_TRUE(starts(response, "HTTP/1.1 400 ")) << bytes << "\n->\n" << response;
    EXPECT_NE(response.find("\"error\": \"Malformed request: "), std::string::npos) << response;
  }
  EXPECT_EQ(metric("cloudfolio_http_refused_total{reason=\"malformed\"}"), 12);
}

TEST_F(ServerTest, a_connection_that_ends_inside_a_request_is_told) {
  serve({}, echo);
  RawSocket peer = RawSocket::connect(port());
  peer.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
  peer.end_sending();
  EXPECT_TRUE(starts(peer.receive_all(), "HTTP/1.1 400 "));
}

TEST_F(ServerTest, a_large_header_is_431_and_a_large_body_413) {
  serve({.header_bytes_max = 1024, .body_bytes_max = 1000}, echo);
  EXPECT_TRUE(starts(say("GET / HTTP/1.1\r\nHost: x\r\nX: " + std::string(2000, 'a') + "\r\n\r\n"),
                     "HTTP/1.1 431 "));
  EXPECT_TRUE(
      starts(say("GET / HTTP/1.1\r\nHost: x\r\nX: " + std::string(100'000, 'a')), "HTTP/1.1 431 "));
  EXPECT_TRUE(
      starts(say("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n"), "HTTP/1.1 413 "));
  std::string chunks = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 11; ++i) chunks += "64\r\n" + std::string(100, 'b') + "\r\n";
  EXPECT_TRUE(starts(say(chunks), "HTTP/1.1 413 "));
  EXPECT_TRUE(starts(
      say("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, 'c')),
      "HTTP/1.1 200 "));
}

TEST_F(ServerTest, a_body_that_was_refused_does_not_reset_the_answer) {
  serve({.body_bytes_max = 1000}, echo);
  ClientRequest request;
  request.method = Method::post;
  request.url = url("/");
  request.body = std::string(4'000'000, 'x');
  const auto response = client->send({}, request);
  ASSERT_TRUE(response) << response.error().message();
  EXPECT_EQ(response->status, 413);
}

TEST_F(ServerTest, a_slow_request_is_408_and_an_idle_connection_just_ends) {
  serve({.request_timeout = 100ms, .idle_timeout = 150ms}, echo);
  RawSocket slow = RawSocket::connect(port());
  slow.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_TRUE(starts(slow.receive_all(), "HTTP/1.1 408 "));
  RawSocket slow_header = RawSocket::connect(port());
  slow_header.send("GET / HT");
  EXPECT_TRUE(starts(slow_header.receive_all(), "HTTP/1.1 408 "));
  RawSocket idle = RawSocket::connect(port());
  EXPECT_EQ(idle.receive_all(), "");
  EXPECT_EQ(metric("cloudfolio_http_refused_total{reason=\"too_slow\"}"), 2);
}

TEST_F(ServerTest, a_client_that_does_not_read_is_dropped) {
  const auto large = std::make_shared<const std::string>(std::string(64 * kMiB, 'z'));
  serve({.request_timeout = 100ms}, [&](Request&) { return Response{200, {}, large}; });
  RawSocket peer = RawSocket::connect(port());
  peer.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  while (metric("cloudfolio_http_connections") != 1) std::this_thread::yield();
  while (metric("cloudfolio_http_connections") != 0) std::this_thread::yield();
  EXPECT_LT(peer.receive_all().size(), large->size());
}

TEST_F(ServerTest, expect_100_continue_is_answered_before_the_body) {
  serve({}, echo);
  RawSocket peer = RawSocket::connect(port());
  peer.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(peer.receive_some(), "HTTP/1.1 100 Continue\r\n\r\n");
  peer.send("ab");
  EXPECT_TRUE(peer.receive_response().ends_with("POST / [ab]"));
}

TEST_F(ServerTest, a_full_pool_answers_503_with_retry_after) {
  std::latch gate{1};
  std::atomic<int> inside{0};
  serve({.handler_threads_count = 1, .handlers_queued_max = 1}, [&](Request&) {
    ++inside;
    gate.wait();
    return Response{200, {}, "done"};
  });
  RawSocket first = RawSocket::connect(port());
  first.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  while (inside == 0) std::this_thread::yield();
  RawSocket others[2] = {RawSocket::connect(port()), RawSocket::connect(port())};
  for (RawSocket& other : others) other.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  // One of the two waits in the queue, the other one is refused.
  while (metric("cloudfolio_http_refused_total{reason=\"too_busy\"}") < 1)
    std::this_thread::yield();
  gate.count_down();
  std::string both;
  for (RawSocket& other : others) both += other.receive_response();
  EXPECT_NE(both.find("HTTP/1.1 503 "), std::string::npos);
  EXPECT_NE(both.find("Retry-After: 1\r\n"), std::string::npos);
  EXPECT_NE(both.find("HTTP/1.1 200 "), std::string::npos);
  EXPECT_TRUE(first.receive_response().ends_with("done"));
}

TEST_F(ServerTest, connections_beyond_the_limit_are_turned_away) {
  serve({.connections_max = 2}, echo);
  RawSocket one = RawSocket::connect(port());
  RawSocket two = RawSocket::connect(port());
  for (RawSocket* peer : {&one, &two}) {
    peer->send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_TRUE(starts(peer->receive_response(), "HTTP/1.1 200 "));
  }
  RawSocket three = RawSocket::connect(port());
  EXPECT_TRUE(starts(three.receive_all(), "HTTP/1.1 503 "));
}

TEST_F(ServerTest, a_handler_that_throws_is_500_and_the_reason_stays_in_the_log) {
  serve({}, [](Request&) -> Response { throw std::runtime_error("the inner reason"); });
  const auto response = get("/broken");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 500);
  EXPECT_EQ(response->body.view().find("inner"), std::string_view::npos);
  const auto lines = sink.lines_of("http.handler_failed");
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find("the inner reason"), std::string::npos);
  EXPECT_NE(lines[0].find(std::string(*response->headers.find("X-Request-Id"))), std::string::npos);
}

TEST_F(ServerTest, request_id_and_trace_go_in_and_out) {
  std::string trace;
  serve({}, [&](Request& request) {
    trace = request.context.trace().str();
    return Response{200, {}, request.request_id};
  });
  const std::string response =
      say("GET / HTTP/1.1\r\nHost: x\r\nX-Request-Id: mine-1\r\n"
          "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n\r\n");
  EXPECT_TRUE(response.ends_with("mine-1"));
  EXPECT_NE(response.find("X-Request-Id: mine-1\r\n"), std::string::npos);
  EXPECT_NE(response.find("traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-"), std::string::npos);
  EXPECT_EQ(trace, "4bf92f3577b34da6a3ce929d0e0e4736");
}

TEST_F(ServerTest, the_request_timeout_is_the_contexts_deadline) {
  Clock::Instant deadline;
  serve({.request_timeout = 5s}, [&](Request& request) {
    deadline = request.context.deadline();
    return Response{};
  });
  const auto before = clock.now();
  ASSERT_TRUE(get("/"));
  EXPECT_GE(deadline, before + 5s);
  EXPECT_LE(deadline, clock.now() + 5s);
}

TEST_F(ServerTest, draining_finishes_what_runs_and_accepts_nothing_more) {
  std::latch gate{1};
  std::atomic<int> inside{0};
  serve({}, [&](Request&) {
    ++inside;
    gate.wait();
    return Response{200, {}, "finished"};
  });
  RawSocket busy = RawSocket::connect(port());
  busy.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  while (inside == 0) std::this_thread::yield();
  RawSocket idle = RawSocket::connect(port());
  while (metric("cloudfolio_http_connections") < 2) std::this_thread::yield();
  const std::uint16_t old_port = port();
  std::jthread drainer([&] {
    const Status drained = server->drain(30s);
    EXPECT_TRUE(drained) << drained.error().message();
  });
  EXPECT_EQ(idle.receive_all(), "");
  gate.count_down();
  const std::string response = busy.receive_all();
  EXPECT_TRUE(response.ends_with("finished"));
  EXPECT_NE(response.find("Connection: close"), std::string::npos);
  drainer.join();
  ClientRequest request;
  request.url = "http://127.0.0.1:" + std::to_string(old_port) + "/";
  EXPECT_EQ(client->send({}, request).error().code(), Code::unavailable);
}

TEST_F(ServerTest, draining_has_an_end_and_stops_the_contexts_then) {
  std::atomic<bool> inside{false};
  serve({}, [&](Request& request) {
    inside = true;
    while (!request.context.stopped()) std::this_thread::yield();
    return Response{};
  });
  RawSocket busy = RawSocket::connect(port());
  busy.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  while (!inside) std::this_thread::yield();
  EXPECT_EQ(server->drain(20ms).error().code(), Code::deadline_exceeded);
}

TEST_F(ServerTest, draining_under_load_loses_no_request_that_was_taken) {
  std::atomic<int> handled{0};
  serve({.io_threads_count = 2}, [&](Request&) {
    ++handled;
    return Response{200, {}, "ok"};
  });
  std::atomic<int> answered{0};
  std::atomic<bool> go{true};
  std::vector<std::jthread> callers;
  for (int caller = 0; caller < 4; ++caller)
    callers.emplace_back([&] {
      while (go) {
        const auto response = get("/");
        if (!response) return;
        ++answered;
      }
    });
  while (answered < 200) std::this_thread::yield();
  EXPECT_TRUE(server->drain(30s));
  go = false;
  callers.clear();
  EXPECT_EQ(handled, answered);
}

TEST_F(ServerTest, an_address_that_cannot_be_listened_on_is_a_clear_error) {
  serve({}, echo);
  const auto again = Server::open({.port = port()}, echo, clock, random, log, metrics);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code(), Code::unavailable);
  EXPECT_NE(again.error().message().find("Address already in use"), std::string::npos);
  const auto nowhere =
      Server::open({.address = "not an address"}, echo, clock, random, log, metrics);
  EXPECT_EQ(nowhere.error().code(), Code::invalid_argument);
}

TEST_F(ServerTest, metrics_count_by_route_and_status) {
  serve({.route_names = {"known"}}, [](Request& request) {
    request.route = request.path == "/known" ? "known" : "none";
    return Response{request.route == "known" ? 200 : 404, {}, {}};
  });
  ASSERT_TRUE(get("/known"));
  ASSERT_TRUE(get("/known"));
  ASSERT_TRUE(get("/other"));
  EXPECT_EQ(metric("cloudfolio_http_requests_total{route=\"known\",status=\"200\"}"), 2);
  EXPECT_EQ(metric("cloudfolio_http_requests_total{route=\"none\",status=\"404\"}"), 1);
  EXPECT_EQ(metric("cloudfolio_http_request_seconds_count{route=\"known\"}"), 2);
}

TEST_F(ServerTest, a_bad_tls_file_is_a_clear_error) {
  const Server::Tls tls{folder / "absent.pem", folder / "absent-key.pem"};
  const auto opened = Server::open({.tls = tls}, echo, clock, random, log, metrics);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), Code::invalid_argument);
  EXPECT_NE(opened.error().message().find("absent.pem"), std::string::npos);
}

TEST_F(ServerTest, a_round_trip_works_over_tls_and_only_for_a_known_authority) {
  const Server::Tls tls = make_certificate(folder);
  serve({.tls = tls}, echo);
  auto trusting = open_client({.ca_file = tls.certificate_chain_file}, clock);
  ASSERT_TRUE(trusting);
  ClientRequest request;
  request.method = Method::post;
  request.url = url("/secret");
  request.body = std::string(100'000, 's');
  for (int round = 0; round < 2; ++round) {
    const auto response = (*trusting)->send({}, request);
    ASSERT_TRUE(response) << response.error().message();
    EXPECT_EQ(response->body.size_bytes(), 100'000 + std::string("POST /secret []").size());
  }
  const auto distrusted = client->send({}, request);
  ASSERT_FALSE(distrusted);
  EXPECT_EQ(distrusted.error().code(), Code::invalid_argument);
  EXPECT_NE(distrusted.error().message().find("TLS: "), std::string::npos);
  EXPECT_TRUE(server->drain(30s));
}

TEST_F(ServerTest, plain_text_on_a_tls_port_only_loses_that_connection) {
  const Server::Tls tls = make_certificate(folder);
  serve({.tls = tls}, echo);
  EXPECT_EQ(say("GET / HTTP/1.1\r\nHost: x\r\n\r\n").find("HTTP/1.1 200"), std::string::npos);
  auto trusting = open_client({.ca_file = tls.certificate_chain_file}, clock);
  ClientRequest request;
  request.url = url("/");
  EXPECT_TRUE((*trusting)->send({}, request));
}

TEST_F(ServerTest, any_bytes_are_answered_or_refused_and_the_server_lives) {
  serve({.request_timeout = 200ms}, echo);
  const std::uint64_t seed = Random::from_system().next();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random chance(seed);
  constexpr std::string_view kPieces[] = {"GET ",
                                          "POST ",
                                          "/",
                                          " HTTP/1.1\r\n",
                                          "Host: x\r\n",
                                          "Content-Length: ",
                                          "5",
                                          "\r\n",
                                          "\r\n\r\n",
                                          "abc",
                                          "\x00",
                                          "\xFF",
                                          "Transfer-Encoding: chunked\r\n",
                                          "0\r\n\r\n",
                                          ":",
                                          "%",
                                          "Connection: close\r\n",
                                          " ",
                                          "Expect: 100-continue\r\n"};
  for (int round = 0; round < 150; ++round) {
    RawSocket peer = RawSocket::connect(port());
    std::string bytes;
    for (auto left = chance.below(14); left > 0; --left)
      bytes += kPieces[chance.below(std::size(kPieces))];
    peer.send(bytes);
    peer.end_sending();
    peer.receive_all();
  }
  EXPECT_TRUE(get("/alive"));
}

}  // namespace
}  // namespace cloudfolio::http
