#include "http/client.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>

#include "http/testing/raw_socket.h"
#include "http/testing/server_fixture.h"

namespace cloudfolio::http {
namespace {

using namespace std::chrono_literals;

class ClientTest : public ServerFixture {
 protected:
  Result<Response> fetch(std::string url, const Context& ctx = {}) {
    ClientRequest request;
    request.url = std::move(url);
    return client->send(ctx, request);
  }
  // What the client makes of a server that answers with these bytes and closes.
  Result<Response> fetch_from(std::string answer) {
    RawServer peer([&](RawSocket& socket) {
      socket.receive_some();
      socket.send(answer);
    });
    return fetch(peer.origin() + "/path?token=secret");
  }
};

TEST_F(ClientTest, any_status_is_an_answer_and_redirects_are_not_followed) {
  const auto response = fetch_from(
      "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nX-Two: a\r\nX-Two: b\r\n"
      "Content-Length: 2\r\n\r\nhi");
  ASSERT_TRUE(response) << response.error().message();
  EXPECT_EQ(response->status, 302);
  EXPECT_EQ(response->headers.find("location"), "http://127.0.0.1:1/");
  EXPECT_EQ(response->body.view(), "hi");
  EXPECT_EQ(fetch_from("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")->status, 503);
}

TEST_F(ClientTest, a_refused_connection_an_unknown_name_and_a_bad_url_are_told_apart) {
  const auto refused = fetch("http://127.0.0.1:" + std::to_string(free_port()) + "/x");
  EXPECT_EQ(refused.error().code(), Code::unavailable);
  EXPECT_NE(refused.error().message().find("no connection"), std::string::npos);
  EXPECT_TRUE(refused.error().message().starts_with("GET http://127.0.0.1:"));
  const auto unknown = fetch("http://no-such-host.invalid/");
  EXPECT_EQ(unknown.error().code(), Code::unavailable);
  EXPECT_NE(unknown.error().message().find("name not found"), std::string::npos);
  EXPECT_EQ(fetch("file:///etc/passwd").error().code(), Code::invalid_argument);
  EXPECT_EQ(fetch("nonsense").error().code(), Code::invalid_argument);
}

TEST_F(ClientTest, a_server_that_closes_early_or_lies_about_lengths_is_an_error) {
  const auto nothing = fetch_from("");
  EXPECT_EQ(nothing.error().code(), Code::unavailable);
  EXPECT_NE(nothing.error().message().find("without an answer"), std::string::npos);
  EXPECT_EQ(nothing.error().message().find("secret"), std::string::npos);
  const auto early = fetch_from("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc");
  EXPECT_EQ(early.error().code(), Code::unavailable);
  EXPECT_NE(early.error().message().find("broke off"), std::string::npos);
  EXPECT_EQ(
      fetch_from("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n").error().code(),
      Code::unavailable);
  EXPECT_EQ(fetch_from("this is not HTTP\r\n\r\n").error().code(), Code::unavailable);
  EXPECT_EQ(fetch_from("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope")
                .error()
                .code(),
            Code::unavailable);
}

TEST_F(ClientTest, a_huge_header_is_refused) {
  std::string answer = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 100; ++i) answer += "X-Pad: " + std::string(10'000, 'h') + "\r\n";
  const auto response = fetch_from(answer + "Content-Length: 0\r\n\r\n");
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code(), Code::quota_exceeded);
}

TEST_F(ClientTest, an_answer_above_the_limit_is_cut_off) {
  serve({}, [](Request&) { return Response{200, {}, std::string(10'000, 'x')}; });
  ClientRequest request;
  request.url = url("/");
  request.response_bytes_max = 10'000;
  EXPECT_TRUE(client->send({}, request));
  request.response_bytes_max = 9'999;
  const auto response = client->send({}, request);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code(), Code::quota_exceeded);
  EXPECT_NE(response.error().message().find("larger than 9999 bytes"), std::string::npos);
}

TEST_F(ClientTest, a_stalling_server_ends_at_the_contexts_deadline_or_the_requests_timeout) {
  RawServer peer([&](RawSocket& socket) {
    socket.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    socket.receive_all();
  });
  const auto late = fetch(peer.origin(), Context(TenantId(), clock.now() + 50ms));
  EXPECT_EQ(late.error().code(), Code::deadline_exceeded);
  ClientRequest request;
  request.url = peer.origin();
  request.timeout = 50ms;
  EXPECT_EQ(client->send({}, request).error().code(), Code::deadline_exceeded);
  EXPECT_EQ(fetch(peer.origin(), Context(TenantId(), clock.now())).error().code(),
            Code::deadline_exceeded);
}

TEST_F(ClientTest, a_stop_ends_the_wait) {
  std::latch reached{1};
  RawServer peer([&](RawSocket& socket) {
    socket.receive_some();
    reached.count_down();
    socket.receive_all();
  });
  std::stop_source stop;
  std::jthread stopper([&] {
    reached.wait();
    stop.request_stop();
  });
  const Context ctx(TenantId(), Clock::Instant::max(), stop.get_token());
  EXPECT_EQ(fetch(peer.origin(), ctx).error().code(), Code::cancelled);
  EXPECT_EQ(fetch(peer.origin(), ctx).error().code(), Code::cancelled);
}

TEST_F(ClientTest, connections_are_used_again) {
  serve({}, [](Request& request) { return Response{200, {}, request.peer}; });
  const auto first = get("/");
  const auto second = get("/");
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->body.view(), second->body.view());
}

TEST_F(ClientTest, a_request_is_sent_twice_only_where_that_is_allowed) {
  std::atomic<int> count = 0;
  serve({}, [&](Request&) { return Response{.status = ++count == 2 ? kBrokenOff : 200}; });
  ClientRequest request;
  request.method = Method::post;
  request.url = url("/");
  request.resend = Resend::never;
  ASSERT_TRUE(client->send({}, request));
  const auto broken = client->send({}, request);
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code(), Code::unavailable);
  EXPECT_EQ(count, 2);
  count = 0;
  request.resend = Resend::on_broken_connection;
  ASSERT_TRUE(client->send({}, request));
  EXPECT_TRUE(client->send({}, request));
  EXPECT_EQ(count, 3);
}

TEST_F(ClientTest, every_method_sends_what_it_should) {
  serve({}, [](Request& request) {
    return Response{200,
                    {},
                    std::string(to_string(request.method)) + ":" + request.body + ":" +
                        std::string(request.headers.find("Content-Type").value_or("none")) + ":" +
                        std::string(request.headers.find("Expect").value_or("none"))};
  });
  const auto send = [&](Method method, std::string body) {
    ClientRequest request;
    request.method = method;
    request.url = url("/");
    request.body = std::move(body);
    const auto response = client->send({}, request);
    return response ? std::string(response->body.view()) : response.error().message();
  };
  EXPECT_EQ(send(Method::get, ""), "GET::none:none");
  EXPECT_EQ(send(Method::head, ""), "");
  EXPECT_EQ(send(Method::post, "x"), "POST:x:none:none");
  EXPECT_EQ(send(Method::post, ""), "POST::none:none");
  EXPECT_EQ(send(Method::put, std::string(2'000'000, 'p')).size(), 2'000'000u + 14);
  EXPECT_EQ(send(Method::patch, "y"), "PATCH:y:none:none");
  EXPECT_EQ(send(Method::delete_, ""), "DELETE::none:none");
  EXPECT_EQ(send(Method::options, ""), "OPTIONS::none:none");
}

TEST_F(ClientTest, encodings_are_asked_for_unless_the_body_is_wanted_raw) {
  serve({}, [](Request& request) {
    const auto accept = request.headers.find("Accept-Encoding").value_or("none");
    // A store whose Content-Encoding is no coding at all.
    return Response{200, {{"Content-Encoding", "utf-8"}}, std::string(accept)};
  });
  ClientRequest request;
  request.url = url("/");
  request.encoding = Encoding::raw;
  const auto raw = client->send({}, request);
  ASSERT_TRUE(raw) << raw.error().message();
  EXPECT_EQ(raw->body.view(), "none");
  EXPECT_EQ(raw->headers.find("Content-Encoding"), "utf-8");
  request.encoding = Encoding::any;
  EXPECT_FALSE(client->send({}, request));
}

TEST_F(ClientTest, a_header_with_a_line_break_is_refused) {
  ClientRequest request;
  request.url = "http://127.0.0.1:1/";
  request.headers.add("X-A", "one\r\nX-B: two");
  EXPECT_EQ(client->send({}, request).error().code(), Code::invalid_argument);
}

TEST_F(ClientTest, several_threads_share_one_client) {
  serve({.handlers_queued_max = 1000}, [](Request& request) {
    return Response{200, {}, request.path};
  });
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread)
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 50; ++i) {
        const std::string path = "/" + std::to_string(thread) + "/" + std::to_string(i);
        const auto response = get(path);
        ASSERT_TRUE(response) << response.error().message();
        EXPECT_EQ(response->body.view(), path);
      }
    });
}

TEST_F(ClientTest, a_missing_ca_file_is_said_when_opening) {
  const auto opened = open_client({.ca_file = folder / "absent.pem"}, clock);
  EXPECT_EQ(opened.error().code(), Code::invalid_argument);
}

}  // namespace
}  // namespace cloudfolio::http
