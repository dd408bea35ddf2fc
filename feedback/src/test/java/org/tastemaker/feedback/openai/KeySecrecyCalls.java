package org.tastemaker.feedback.openai;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.logging.FileHandler;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.core.run.Provenance;
import org.tastemaker.core.run.RunFolder;
import org.tastemaker.feedback.Greys;
import org.tastemaker.feedback.annotate.AnnotationJob;
import org.tastemaker.feedback.mock.MockJudge;
import org.tastemaker.feedback.protocol.Protocol;
import org.tastemaker.feedback.resilience.ResilientCaller;
import org.tastemaker.feedback.resilience.RetryPolicy;
import org.tastemaker.feedback.server.Fault;
import org.tastemaker.feedback.server.LoopbackServer;

/**
 * Makes calls with a key, to servers that answer, turn down, fail, break off, and repeat the key in
 * every place of an answer; prints what came of each, with all causes.
 */
final class KeySecrecyCalls {
  static final String KEY = "sk-proj-Zq8vT3nLw6Rk1Yd5Hs9BfGm2Xc7Jp4Ua";

  private static final String BEARER = "Bearer " + KEY;

  private final Path folder;
  private int setups;

  private KeySecrecyCalls(Path folder) {
    this.folder = folder;
  }

  public static void main(String[] args) throws Exception {
    LogManager.getLogManager().reset();
    Handler handler = new FileHandler(args[1]);
    handler.setFormatter(new SimpleFormatter());
    handler.setLevel(Level.ALL);
    Logger root = Logger.getLogger("");
    root.setLevel(Level.ALL);
    root.addHandler(handler);
    // OkHttp sets no level of its own, but looks these up and asks them what they would log.
    List<Logger> kept =
        List.of(
            Logger.getLogger("okhttp3.OkHttpClient"),
            Logger.getLogger("okhttp3.internal.concurrent.TaskRunner"),
            Logger.getLogger("okhttp3.internal.http2.Http2"));
    kept.forEach(logger -> logger.setLevel(Level.ALL));
    KeySecrecyCalls calls = new KeySecrecyCalls(Files.createDirectories(Path.of(args[0])));
    calls.loopback();
    calls.echoes();
    calls.badKeys();
    handler.close();
    System.exit(0);
  }

  /** Every outcome that the loopback server knows. */
  private void loopback() throws Exception {
    try (LoopbackServer server = server().key(KEY).start()) {
      job("fine", server.baseUrl());
      others("fine", server.baseUrl());
    }
    for (Fault fault : Fault.values()) {
      try (LoopbackServer server = server().key(KEY).fault(fault, 1).start()) {
        job("fault " + fault, server.baseUrl());
      }
    }
    try (LoopbackServer server = server().key("another").start()) {
      job("another key", server.baseUrl());
      others("another key", server.baseUrl());
    }
    try (LoopbackServer server = server().key(KEY).models("gpt").start()) {
      job("unknown model", server.baseUrl());
    }
    try (LoopbackServer server =
        server().key(KEY).rejects("logprobs", "temperature", "json_schema").start()) {
      job("lessons", server.baseUrl());
    }
    try (LoopbackServer server =
        server().key(KEY).latency(Duration.ofSeconds(20), Duration.ZERO).start()) {
      Thread.currentThread().interrupt();
      say("interrupted before", () -> ask(server.baseUrl()));
      Thread caller = Thread.currentThread();
      Thread.interrupted();
      Thread interrupter =
          new Thread(
              () -> {
                try {
                  Thread.sleep(300);
                } catch (InterruptedException e) {
                  return;
                }
                caller.interrupt();
              });
      interrupter.start();
      say("interrupted in a call", () -> ask(server.baseUrl()));
      interrupter.join();
      Thread.interrupted();
    }
    job("nobody there", "http://127.0.0.1:1/v1");
  }

  /** Servers that repeat the header in whatever they say. */
  private void echoes() throws Exception {
    String everywhere =
        "{\"error\":{\"message\":\"no %1$s\",\"type\":\"%1$s\",\"param\":\"%1$s\","
            + "\"code\":\"%1$s\"}}";
    String verdict =
        "{\"id\":\"%1$s\",\"model\":\"%1$s\",\"choices\":[{\"message\":{\"content\":%2$s},"
            + "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":1,"
            + "\"completion_tokens\":1}}";
    for (int status : new int[] {400, 401, 403, 404, 409, 413, 422, 429, 500, 503}) {
      echo("echo " + status, status, everywhere.formatted(BEARER, ""));
    }
    echo("echo page", 502, "<html>" + BEARER + "</html>");
    echo("echo of another form", 200, "{\"choices\":\"" + BEARER + "\"}");
    echo("echo of no form", 200, BEARER);
    echo(
        "echo of a verdict",
        200,
        verdict.formatted(BEARER, "\"{\\\"overall\\\":[\\\"A\\\",\\\"B\\\"]}\""));
    echo("echo of a malformed verdict", 200, verdict.formatted(BEARER, "\"I say " + BEARER + "\""));
    echo(
        "echo of a refusal",
        200,
        "{\"choices\":[{\"message\":{\"refusal\":\"no " + BEARER + "\"}}]}");
    try (ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      Thread thread = new Thread(() -> sayTheKeyInPlaceOfAStatus(server));
      thread.setDaemon(true);
      thread.start();
      String baseUrl = "http://127.0.0.1:" + server.getLocalPort() + "/v1";
      job("echo for a status", baseUrl);
      others("echo for a status", baseUrl);
    }
  }

  /** Keys that are none. */
  private void badKeys() {
    for (String bad : new String[] {KEY + "\n", " " + KEY, "\"" + KEY + "\u2026\"", KEY + "\0"}) {
      say("bad key", () -> OpenAiClient.builder().apiKey(bad).build());
      say("bad key", () -> OpenAiClient.builder().environment(name -> "x " + bad + " y").build());
    }
    say(
        "key in the address",
        () -> OpenAiClient.builder().apiKey(KEY).baseUrl("https://me:" + KEY + "@host/v1").build());
    say(
        "key in the query",
        () -> OpenAiClient.builder().apiKey(KEY).baseUrl("https://host/v1?key=" + KEY).build());
  }

  private void echo(String name, int status, String body) throws Exception {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 50);
    server.setExecutor(Executors.newCachedThreadPool());
    server.createContext("/", exchange -> respond(exchange, status, body));
    server.start();
    try {
      String baseUrl = "http://127.0.0.1:" + server.getAddress().getPort() + "/v1";
      job(name, baseUrl);
      others(name, baseUrl);
    } finally {
      server.stop(0);
    }
  }

  private static void respond(HttpExchange exchange, int status, String body) throws IOException {
    try (exchange) {
      exchange.getRequestBody().readAllBytes();
      for (String header :
          List.of(
              "x-request-id", "Retry-After", "x-ratelimit-remaining-requests", "x-should-retry")) {
        exchange.getResponseHeaders().set(header, BEARER);
      }
      byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(status, bytes.length);
      exchange.getResponseBody().write(bytes);
    }
  }

  private static void sayTheKeyInPlaceOfAStatus(ServerSocket server) {
    while (true) {
      try (Socket socket = server.accept()) {
        InputStream in = socket.getInputStream();
        in.read(new byte[1 << 16]);
        OutputStream out = socket.getOutputStream();
        out.write((BEARER + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
        out.flush();
      } catch (IOException e) {
        if (server.isClosed()) {
          return;
        }
      }
    }
  }

  /** A job with a dataset, cached answers, a ledger and the record of its run. */
  private void job(String name, String baseUrl) throws IOException {
    Path place =
        Files.createDirectories(folder.resolve(++setups + " " + name.replaceAll("\\W+", "-")));
    Protocol protocol = setups % 2 == 0 ? Protocol.listwise(1) : Protocol.pairsInBothOrders(1);
    try (ChatGptOracle oracle =
        oracle(baseUrl)
            .protocol(protocol)
            .cache(place.resolve("answers"))
            .ledgerFile(place.resolve("ledger.jsonl"))
            .build()) {
      RunFolder.create(
              place.resolve("run"),
              Map.of("oracle", oracle.toString(), "settings", oracle.settings().toString()),
              Provenance.capture(Clock.systemUTC()).withSeed("job", Seed.of(1)),
              Clock.systemUTC())
          .close();
      say(
          name,
          () ->
              AnnotationJob.builder(
                      place.resolve("judgements.jsonl"), oracle, Greys.RUBRIC, oracle.settings())
                  .build()
                  .run(List.of(group(0.2), group(0.4))));
      say(name + ", question", () -> ask(baseUrl));
      say(name + ", ledger", oracle.ledger()::totals);
      say(name + ", texts", () -> oracle + " " + oracle.client() + " " + oracle.settings());
      say(name + ", estimate", () -> oracle.estimate(List.of(group(0.2)), Greys.RUBRIC));
    }
    say(name + ", builder", () -> OpenAiClient.builder().apiKey(KEY).baseUrl(baseUrl));
  }

  /** The other callers of a client. */
  private void others(String name, String baseUrl) {
    try (OpenAiClient client =
        OpenAiClient.builder().baseUrl(baseUrl).apiKey(KEY).limits(limits()).build()) {
      PromptRewriter rewriter = new PromptRewriter(client, PromptRewriter.Options.of("gpt-test"));
      say(name + ", rewriter", () -> rewriter.rewrite(Prompt.of("a heart")));
      OpenAiImageGenerator generator =
          new OpenAiImageGenerator(client, OpenAiImageGenerator.Options.of("image-test"));
      say(
          name + ", generator",
          () -> generator.generate(List.of(Prompt.of("a heart")), List.of(Seed.of(1))));
    }
  }

  /** A single question, of which the exception is not made a missing judgement. */
  private static Object ask(String baseUrl) {
    try (OpenAiClient client =
        OpenAiClient.builder().baseUrl(baseUrl).apiKey(KEY).limits(limits()).build()) {
      return new ChatGptJudge(client, ChatGptJudge.Options.of("mock")).ask(Fixtures.pair());
    }
  }

  private static ChatGptOracle.Builder oracle(String baseUrl) {
    return ChatGptOracle.builder().baseUrl(baseUrl).apiKey(KEY).model("mock").limits(limits());
  }

  private static ResilientCaller.Options limits() {
    return ResilientCaller.Options.DEFAULTS
        .withInFlight(1)
        .withRetries(RetryPolicy.DEFAULTS.withAttempts(2).withFirstDelay(Duration.ofMillis(1)));
  }

  private static LoopbackServer.Builder server() {
    return LoopbackServer.builder(MockJudge.of(Greys::score))
        .latency(Duration.ZERO, Duration.ofMillis(1));
  }

  private static ImageGroup group(double brightness) {
    List<Image> images = Greys.images(brightness, brightness + 0.3);
    return new ImageGroup(Prompt.of("a prompt " + brightness), images);
  }

  private static void say(String name, Callable<?> call) {
    try {
      Object result = call.call();
      System.out.println(name + ": " + (result == null ? "no answer" : result));
    } catch (Exception e) {
      System.out.println(name + ": no answer: " + e);
      e.printStackTrace(System.out);
    }
  }
}
