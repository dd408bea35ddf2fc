package org.tastemaker.feedback.openai;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import javax.net.ServerSocketFactory;
import mockwebserver3.Dispatcher;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rubric;
import org.tastemaker.feedback.protocol.Protocol;
import org.tastemaker.feedback.resilience.FakeTime;

/**
 * A server that orders images by their redness, and a job for it: two groups of two images,
 * listwise, so four questions. What it does instead at times, a test says.
 */
final class RednessServer implements AutoCloseable {
  /** What it does at a request: the number of the request, from 1, and its body. */
  @FunctionalInterface
  interface Manners {
    /** What to answer; null for the right answer. */
    @Nullable MockResponse answer(int number, Map<String, Object> body);
  }

  static final Rubric REDNESS = Rubric.of("redness", "1", "Redder is better.");
  private static final List<ImageGroup> GROUPS = List.of(group(0.1f, 0.6f), group(0.9f, 0.3f));

  private final MockWebServer server = new MockWebServer();
  private final List<Map<String, Object>> bodies = new CopyOnWriteArrayList<>();
  private final FakeTime time = new FakeTime();

  RednessServer(Manners manners) throws IOException {
    server.setDispatcher(
        new Dispatcher() {
          @Override
          public synchronized MockResponse dispatch(RecordedRequest request) {
            try {
              Map<String, Object> body = Fixtures.body(request);
              bodies.add(body);
              MockResponse odd = manners.answer(bodies.size(), body);
              return odd != null ? odd : Fixtures.says(verdict(body));
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          }
        });
    server.setServerSocketFactory(new AtOnce());
    server.start();
  }

  /** Sockets that do not wait for more to send, which would cost 40 ms a request. */
  private static final class AtOnce extends ServerSocketFactory {
    @Override
    public ServerSocket createServerSocket() throws IOException {
      return new ServerSocket() {
        @Override
        public Socket accept() throws IOException {
          Socket socket = super.accept();
          socket.setTcpNoDelay(true);
          return socket;
        }
      };
    }

    @Override
    public ServerSocket createServerSocket(int port) {
      throw new UnsupportedOperationException();
    }

    @Override
    public ServerSocket createServerSocket(int port, int backlog) {
      throw new UnsupportedOperationException();
    }

    @Override
    public ServerSocket createServerSocket(int port, int backlog, InetAddress address) {
      throw new UnsupportedOperationException();
    }
  }

  /** One that does the same at every request. */
  static RednessServer always(MockResponse response) throws IOException {
    return new RednessServer((number, body) -> response);
  }

  /** One that does so for the first requests, and answers rightly then. */
  static RednessServer first(int count, MockResponse response) throws IOException {
    return new RednessServer((number, body) -> number <= count ? response : null);
  }

  /** The right answer to a request. */
  static String verdict(Map<String, Object> body) {
    List<Image> images = new ArrayList<>();
    collect(body, images);
    List<String> labels =
        IntStream.range(0, images.size())
            .boxed()
            .sorted(Comparator.comparing(i -> -images.get(i).get(0, 0, 0)))
            .map(i -> "\"" + (char) ('A' + i) + "\"")
            .toList();
    return "{\"overall\":[" + String.join(",", labels) + "]}";
  }

  private static void collect(@Nullable Object json, List<Image> images) {
    if (json instanceof Map<?, ?> map) {
      map.values().forEach(value -> collect(value, images));
    } else if (json instanceof List<?> list) {
      list.forEach(value -> collect(value, images));
    } else if (json instanceof String text && text.startsWith("data:")) {
      byte[] bytes = Base64.getDecoder().decode(text.substring(text.indexOf(',') + 1));
      images.add(Image.fromBytes(bytes));
    }
  }

  /** An oracle of three attempts a call, one question at a time. */
  ChatGptOracle.Builder oracle() {
    return ChatGptOracle.builder()
        .client(client -> Fixtures.client(server, time))
        .model("gpt-test")
        .judging(options -> options.withImages(ImageForm.DEFAULT.withSide(0)))
        .protocol(Protocol.listwise(2))
        .asking(asking -> asking.concurrency(1));
  }

  /** The judgements of both groups. */
  List<Judgement> rank() {
    try (ChatGptOracle oracle = oracle().build()) {
      return rank(oracle);
    }
  }

  static List<Judgement> rank(ChatGptOracle oracle) {
    return oracle.rank(GROUPS, REDNESS);
  }

  /** Whether both groups have the right order. */
  static boolean isRight(List<Judgement> judgements) {
    return judgements.stream().noneMatch(Judgement::isMissing)
        && List.of(1, 0).equals(order(judgements.get(0)))
        && List.of(0, 1).equals(order(judgements.get(1)));
  }

  private static List<Integer> order(Judgement judgement) {
    return IntStream.of(judgement.ranking().permutation()).boxed().toList();
  }

  int requests() {
    return server.getRequestCount();
  }

  /** The body of a request. */
  Map<String, Object> body(int number) {
    return Objects.requireNonNull(bodies.get(number - 1));
  }

  FakeTime time() {
    return time;
  }

  @Override
  public void close() {
    server.close();
  }

  private static ImageGroup group(float first, float second) {
    return new ImageGroup(
        Prompt.of("red"),
        List.of(Image.filled(4, 4, first, 0, 1), Image.filled(4, 4, second, 0, 1)));
  }
}
