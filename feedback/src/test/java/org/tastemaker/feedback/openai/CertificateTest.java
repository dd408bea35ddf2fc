package org.tastemaker.feedback.openai;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import javax.net.ServerSocketFactory;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.testing.ChildProgram;

/** HTTPS: who the server is, and that nothing leaves it for HTTP. */
class CertificateTest {
  private static final String PASSWORD = "changeit";
  private static final byte[] ANSWER =
      RawServer.ok(Fixtures.chat("{\"overall\":\"A\"}", "stop", null));

  @TempDir static Path folder;

  private static Path right;
  private static Path wrong;

  @BeforeAll
  static void makeCertificates() throws Exception {
    right = keyStore("right", "SAN=IP:127.0.0.1");
    wrong = keyStore("wrong", "SAN=DNS:another.invalid");
  }

  @Test
  void aCertificateThatIsTrustedIsAccepted() throws Exception {
    try (RawServer server = RawServer.start(tls(right), (head, client, out) -> out.write(ANSWER))) {
      assertThat(ask(server, "question", right)).contains("answered", "paid 1");
      assertThat(server.heads().get(0)).contains("Authorization: Bearer " + Fixtures.KEY);
    }
  }

  @Test
  void aCertificateThatIsNotTrustedIsNoRequestNotRetriedAndNotBilled() throws Exception {
    try (RawServer server = RawServer.start(tls(right), (head, client, out) -> out.write(ANSWER))) {
      requireRefused(server, ask(server, "question", wrong));
    }
  }

  @Test
  void aCertificateOfAnotherHostIsNoRequestNotRetriedAndNotBilled() throws Exception {
    try (RawServer server = RawServer.start(tls(wrong), (head, client, out) -> out.write(ANSWER))) {
      requireRefused(server, ask(server, "question", wrong));
    }
  }

  @Test
  void aServerThatSpeaksNoTlsCostsNothing() throws Exception {
    try (ServerSocket server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
      Thread thread = new Thread(() -> answerInPlainText(server));
      thread.setDaemon(true);
      thread.start();
      assertThat(ask("https://127.0.0.1:" + server.getLocalPort() + "/v1", "question", right))
          .contains("TransportFailed", "attempts 3", "paid 0", "unknown 0");
    }
  }

  @Test
  void neitherARedirectNorAnImageLeadsFromHttpsToHttp() throws Exception {
    try (RawServer plain = RawServer.sending(ANSWER);
        RawServer moved =
            RawServer.start(
                tls(right),
                (head, client, out) ->
                    out.write(
                        RawServer.answer(
                            "307 Moved",
                            "{}".getBytes(StandardCharsets.UTF_8),
                            "Location: " + plain.baseUrl())));
        RawServer images =
            RawServer.start(
                tls(right),
                (head, client, out) ->
                    out.write(
                        RawServer.ok("{\"data\":[{\"url\":\"" + plain.origin() + "/a.png\"}]}")))) {
      assertThat(ask(moved, "question", right))
          .contains("InvalidRequest", "a redirect to " + plain.baseUrl(), "attempts 1", "paid 0");
      assertThat(ask(images, "image", right))
          .contains("MalformedVerdict", "https if the server's is");
      assertThat(plain.requests()).isZero();
    }
  }

  private static void requireRefused(RawServer server, String said) {
    assertThat(said)
        .contains("InvalidRequest", "was not sent", "could not prove who it is")
        .contains("attempts 1", "paid 0", "unknown 0");
    assertThat(server.requests()).isZero();
  }

  private static void answerInPlainText(ServerSocket server) {
    while (!server.isClosed()) {
      try (Socket client = server.accept()) {
        client.getInputStream().read();
        client
            .getOutputStream()
            .write("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      } catch (IOException e) {
        // the client has gone, or the test is over
      }
    }
  }

  private static String ask(RawServer server, String what, Path trusted) throws Exception {
    return ask(server.baseUrl(), what, trusted);
  }

  private static String ask(String baseUrl, String what, Path trusted) throws Exception {
    return ChildProgram.of(TransportCalls.class, baseUrl, what)
        .withVmOptions(
            "-Djavax.net.ssl.trustStore=" + trusted,
            "-Djavax.net.ssl.trustStorePassword=" + PASSWORD,
            "-XX:TieredStopAtLevel=1")
        .output();
  }

  private static ServerSocketFactory tls(Path store) throws Exception {
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keys.load(in, PASSWORD.toCharArray());
    }
    KeyManagerFactory managers =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(keys, PASSWORD.toCharArray());
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(managers.getKeyManagers(), null, null);
    return context.getServerSocketFactory();
  }

  /** A key and its own certificate, by the JDK's tool. */
  private static Path keyStore(String name, String extension) throws Exception {
    Path store = folder.resolve(name + ".p12");
    Process tool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                name,
                "-keyalg",
                "EC",
                "-dname",
                "CN=" + name,
                "-ext",
                extension,
                "-validity",
                "2",
                "-storetype",
                "PKCS12",
                "-storepass",
                PASSWORD,
                "-keystore",
                store.toString())
            .redirectErrorStream(true)
            .start();
    String said = new String(tool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(tool.waitFor()).as(said).isZero();
    return store;
  }
}
