package org.tastemaker.human.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whoever was given the address is let in, and nobody else. */
class PageServerTest {
  private static final String JSON = "Content-Type: application/json";
  private static final String OURS = "X-Tastemaker: 1";

  @TempDir Path folder;

  private final List<PageRequest> arrived = new CopyOnWriteArrayList<>();
  private final Changes changes = new Changes();
  private final CountDownLatch waiting = new CountDownLatch(1);
  private PageServer server;
  private RawHttp http;
  private String host;
  private String cookie;

  @BeforeEach
  void open() {
    server = PageServer.builder(page()).visitors(List.of("Ann", "Béla")).open();
    look(server);
  }

  @AfterEach
  void close() {
    server.close();
  }

  private void look(PageServer at) {
    http = new RawHttp(at.port());
    host = "Host: 127.0.0.1:" + at.port();
    cookie = "Cookie: tastemaker-" + at.port() + "=" + token(at.address("Ann"));
  }

  private Page page() {
    return new Page() {
      @Override
      public Map<String, PageFile> files() {
        return Map.of(
            "/",
            new PageFile("text/html; charset=utf-8", "<p>hello".getBytes(StandardCharsets.UTF_8)));
      }

      @Override
      public Reply answer(PageRequest request) throws InterruptedException {
        arrived.add(request);
        if (request.path().equals("/api/fails")) {
          throw new IllegalStateException("secret detail");
        }
        if (request.path().equals("/api/state")) {
          waiting.countDown();
          long unused = changes.await(request.number("since", 0), Duration.ofSeconds(30));
        }
        if (request.path().equals("/api/file")) {
          return Reply.download("best.png", "image/png", new byte[] {1});
        }
        return Reply.json(Map.of("visitor", request.visitor(), "length", request.body().length));
      }
    };
  }

  private static String token(URI address) {
    return address.getQuery().substring("token=".length());
  }

  private RawHttp.Answer get(String path, String... more) {
    String[] lines = new String[more.length + 2];
    lines[0] = "GET " + path + " HTTP/1.1";
    lines[1] = host;
    System.arraycopy(more, 0, lines, 2, more.length);
    return http.send("", lines);
  }

  private RawHttp.Answer post(String body, String... more) {
    String[] lines = new String[more.length + 2];
    lines[0] = "POST /api/answer HTTP/1.1";
    lines[1] = host;
    System.arraycopy(more, 0, lines, 2, more.length);
    return http.send(body, lines);
  }

  @Test
  void theAddressThatIsGivenOpensThePageAndLeavesACookieThatScriptsCannotRead() {
    URI address = server.address("Ann");

    RawHttp.Answer answer = get(address.getRawPath() + "?" + address.getRawQuery());

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.body()).isEqualTo("<p>hello");
    assertThat(answer.header("Set-Cookie"))
        .contains("tastemaker-" + server.port(), "HttpOnly", "SameSite=Strict", "Path=/");
    assertThat(address.getHost()).isEqualTo("127.0.0.1");
  }

  @Test
  void whoeverHasTheCookieIsTheVisitorOfItsToken() {
    assertThat(get("/api/me", cookie).body()).contains("\"visitor\":\"Ann\"");
    String other = "Cookie: tastemaker-" + server.port() + "=" + token(server.address("Béla"));
    assertThat(get("/api/me", other).body()).contains("Béla");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"/", "/api/me", "/page.css", "/?token=", "/?token=wrong", "/api/me?token=x"})
  void withoutItsTokenNothingIsServed(String path) {
    RawHttp.Answer answer = get(path);

    assertThat(answer.status()).isEqualTo(401);
    assertThat(answer.body()).contains("open the one, with its token");
    assertThat(arrived).isEmpty();
  }

  @Test
  void whoOpensThePageWithoutATokenReadsASentenceAndNotJson() {
    RawHttp.Answer answer = get("/");

    assertThat(answer.header("Content-Type")).isEqualTo("text/plain; charset=utf-8");
    assertThat(answer.body()).startsWith("this page is for those");
  }

  @Test
  void aTokenOfAnotherServerIsNoKey() {
    try (PageServer another = PageServer.builder(page()).open()) {
      assertThat(get("/api/me?token=" + token(another.address())).status()).isEqualTo(401);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "evil.example",
        "evil.example:80",
        "127.0.0.1",
        "127.0.0.1:1",
        "localhost.evil.example"
      })
  void aForeignNameThatLeadsHereIsNoKey(String name) {
    host = "Host: " + name;

    RawHttp.Answer answer = get("/api/me", cookie);

    assertThat(answer.status()).isEqualTo(403);
    assertThat(answer.body()).contains("this server is known as");
    assertThat(arrived).isEmpty();
  }

  @Test
  void localhostAndANameThatWasGivenLeadHereToo() {
    host = "Host: localhost:" + server.port();
    assertThat(get("/api/me", cookie).status()).isEqualTo(200);

    try (PageServer named = PageServer.builder(page()).knownAs("studio.local").open()) {
      http = new RawHttp(named.port());
      cookie = "Cookie: tastemaker-" + named.port() + "=" + token(named.address());
      host = "Host: studio.local:" + named.port();
      assertThat(get("/api/me", cookie).status()).isEqualTo(200);
      assertThat(named.address().getHost()).isEqualTo("studio.local");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://evil.example",
        "null",
        "https://127.0.0.1",
        "http://127.0.0.1:1",
        "http://localhost"
      })
  void aRequestFromAnotherOriginIsRefused(String origin) {
    RawHttp.Answer answer = post("{}", cookie, JSON, OURS, "Origin: " + origin);

    assertThat(answer.status()).isEqualTo(403);
    assertThat(arrived).isEmpty();
  }

  @Test
  void aRequestFromThisPageIsAnswered() {
    String origin = "Origin: http://127.0.0.1:" + server.port();

    RawHttp.Answer answer =
        post("{\"a\":1}", cookie, JSON, OURS, origin, "Sec-Fetch-Site: same-origin");

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.body()).contains("\"length\":7");
  }

  @ParameterizedTest
  @ValueSource(strings = {"cross-site", "same-site"})
  void otherSitesMayLinkToThePageAndUseNothingOfIt(String site) {
    String from = "Sec-Fetch-Site: " + site;

    assertThat(get("/?token=" + token(server.address("Ann")), from).status()).isEqualTo(200);
    assertThat(get("/api/me", cookie, from).status()).isEqualTo(403);
    assertThat(post("{}", cookie, JSON, OURS, from).status()).isEqualTo(403);
  }

  @Test
  void aPostWithoutTheHeaderThatOtherSitesCannotSendIsRefused() {
    assertThat(post("{}", cookie, JSON).status()).isEqualTo(403);
    assertThat(arrived).isEmpty();
  }

  @Test
  void aPostThatIsNotJsonIsRefused() {
    assertThat(post("a=1", cookie, OURS, "Content-Type: text/plain").status()).isEqualTo(415);
    assertThat(post("a=1", cookie, OURS).status()).isEqualTo(415);
    assertThat(arrived).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"})
  void otherMethodsAreRefused(String method) {
    RawHttp.Answer answer = http.send("", method + " /api/me HTTP/1.1", host, cookie, OURS, JSON);

    assertThat(answer.status()).isEqualTo(405);
    assertThat(arrived).isEmpty();
  }

  @Test
  void aBodyThatIsTooLongIsRefusedUnread() {
    RawHttp.Answer answer = post("x".repeat((64 << 10) + 1), cookie, JSON, OURS);

    assertThat(answer.status()).isEqualTo(413);
    assertThat(answer.body()).contains("65536 bytes");
    assertThat(arrived).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/../secret",
        "/image/../../secret",
        "/image/%2e%2e/secret",
        "/image/..%2fsecret",
        "/image/%252e%252e%252fsecret",
        "/image/a%00b",
        "/.hidden",
        "/image/\\secret",
        "//secret"
      })
  void noPathLeadsOutOfThePage(String path) {
    RawHttp.Answer answer = get(path, cookie);

    assertThat(answer.status()).isIn(400, 404);
    assertThat(arrived).isEmpty();
  }

  @Test
  void everyReplyForbidsTheBrowserToLoadAnythingFromElsewhere() {
    for (String path : List.of("/", "/api/me", "/api/fails", "/image/%2e%2e/secret")) {
      RawHttp.Answer answer = get(path, cookie);
      assertThat(answer.header("Content-Security-Policy"))
          .as(path)
          .contains("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'")
          .doesNotContain("unsafe");
      assertThat(answer.header("X-Content-Type-Options")).as(path).isEqualTo("nosniff");
      assertThat(answer.header("Referrer-Policy")).as(path).isEqualTo("no-referrer");
      assertThat(answer.header("Server")).as(path).isEmpty();
    }
  }

  @Test
  void aFailureOfThePageIsA500WithoutItsDetails() {
    RawHttp.Answer answer = get("/api/fails", cookie);

    assertThat(answer.status()).isEqualTo(500);
    assertThat(answer.body()).doesNotContain("secret detail");
  }

  @Test
  void aDownloadHasAName() {
    assertThat(get("/api/file", cookie).header("Content-Disposition"))
        .isEqualTo("attachment; filename=\"best.png\"");
  }

  @Test
  void aTabOfSomebodyElseIsNotMixedUp() {
    String ann = "X-Tastemaker-Visitor: Ann";
    String bela = "Cookie: tastemaker-" + server.port() + "=" + token(server.address("Béla"));

    assertThat(post("{}", cookie, JSON, OURS, ann).status()).isEqualTo(200);
    RawHttp.Answer answer = post("{}", bela, JSON, OURS, ann);
    assertThat(answer.status()).isEqualTo(403);
    assertThat(answer.body()).contains("Béla");
    assertThat(post("{}", bela, JSON, OURS, "X-Tastemaker-Visitor: B%C3%A9la").status())
        .isEqualTo(200);
  }

  @Test
  void aPageThatIsOpenFindsItsServerAfterARestart() throws IOException {
    Path file = folder.resolve("server.json");
    int port;
    String address;
    try (PageServer first = PageServer.builder(page()).remembering(file).open()) {
      port = first.port();
      address = first.address().toString();
    }

    try (PageServer second = PageServer.builder(page()).remembering(file).open()) {
      assertThat(second.port()).isEqualTo(port);
      assertThat(second.address()).hasToString(address);
    }
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
  }

  @Test
  void whereTheOldPortIsTakenAnotherOneIsUsed() throws IOException {
    Path file = folder.resolve("server.json");
    int port;
    try (PageServer first = PageServer.builder(page()).remembering(file).open()) {
      port = first.port();
    }

    try (ServerSocket taken = new ServerSocket(port, 1, InetAddress.getLoopbackAddress());
        PageServer second = PageServer.builder(page()).remembering(file).open()) {
      assertThat(second.port()).isNotEqualTo(taken.getLocalPort());
    }
  }

  @Test
  void aPortThatWasAskedForAndIsTakenIsAnErrorWithTheWayOut() {
    assertThatThrownBy(() -> PageServer.builder(page()).port(server.port()).open())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("port " + server.port())
        .hasMessageContaining("Choose another port");
  }

  @Test
  void closingWakesWhoWaitsForNews() throws InterruptedException {
    Thread visitor = new Thread(() -> get("/api/state?since=1", cookie));
    visitor.setUncaughtExceptionHandler((thread, e) -> {}); // the connection may be cut
    visitor.start();
    assertThat(waiting.await(20, TimeUnit.SECONDS)).isTrue();

    server.close();

    visitor.join(20_000);
    assertThat(visitor.isAlive()).isFalse();
  }

  @Test
  void aNewsIsDeliveredToWhoWaitsForIt() throws InterruptedException {
    Thread visitor = new Thread(() -> get("/api/state?since=1", cookie));
    visitor.start();
    assertThat(waiting.await(20, TimeUnit.SECONDS)).isTrue();

    changes.signal();

    visitor.join(20_000);
    assertThat(visitor.isAlive()).isFalse();
  }

  @Test
  void onAllAddressesOfTheMachineTheAddressIsOneThatOthersCanReach() throws IOException {
    InetAddress all = InetAddress.getByAddress(new byte[] {0, 0, 0, 0});

    try (PageServer open = PageServer.builder(page()).listeningOn(all).open()) {
      http = new RawHttp(open.port());
      host = "Host: 127.0.0.1:" + open.port();
      assertThat(open.address().getHost()).isNotEqualTo("0.0.0.0");
      assertThat(get("/api/me").status()).isEqualTo(401);
      host = "Host: " + open.address().getHost() + ":" + open.port();
      assertThat(get("/?token=" + token(open.address())).status()).isEqualTo(200);
    }
  }

  @Test
  void namesOfVisitorsAreChecked() {
    assertThatThrownBy(() -> PageServer.builder(page()).visitors(List.of("Ann", "Ann")))
        .hasMessageContaining("two visitors");
    assertThatThrownBy(() -> PageServer.builder(page()).visitors(List.of(" ")))
        .hasMessageContaining("1 to 60 characters");
  }
}
