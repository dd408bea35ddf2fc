package org.tastemaker.feedback.openai;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.tastemaker.testing.ChildProgram;

/**
 * Proxies by the system properties that Java programs usually have, each in a process of its own.
 */
class ProxyTest {
  private static final String NOWHERE = "://judge.invalid/v1"; // only a proxy can know it
  private static final byte[] ANSWER =
      RawServer.ok(Fixtures.chat("{\"overall\":\"A\"}", "stop", null));

  @Test
  void aQuestionGoesThroughTheProxyOfHttp() throws Exception {
    try (RawServer proxy = RawServer.sending(ANSWER)) {
      String said = ask("http" + NOWHERE, http(proxy));
      assertThat(said).contains("answered", "attempts 1", "paid 1", "unknown 0");
      assertThat(proxy.heads().get(0))
          .startsWith("POST http://judge.invalid/v1/chat/completions HTTP/1.1");
    }
  }

  @Test
  void hostsThatAreExceptedAreAskedWithoutTheProxy() throws Exception {
    try (RawServer proxy = RawServer.sending(ANSWER);
        RawServer server = RawServer.sending(ANSWER)) {
      String[] properties = {
        http(proxy)[0], http(proxy)[1], "-Dhttp.nonProxyHosts=127.0.0.1|localhost"
      };
      assertThat(ask(server.baseUrl(), properties)).contains("answered");
      assertThat(proxy.requests()).isZero();
      assertThat(server.heads().get(0)).startsWith("POST /v1/chat/completions ");
    }
  }

  @Test
  void theProxyOfHttpsIsAskedForATunnelAndNotToldTheKey() throws Exception {
    try (RawServer proxy = RawServer.sending("HTTP/1.1 403 Forbidden\r\n\r\n")) {
      String said = ask("https" + NOWHERE, https(proxy));
      assertThat(proxy.heads()).hasSize(3); // it may pass, so it is tried again
      assertThat(proxy.heads().get(0))
          .startsWith("CONNECT judge.invalid:443 HTTP/1.1")
          .doesNotContain("Authorization: Bearer", Fixtures.KEY);
      assertThat(said)
          .as("no question was sent, so none is paid")
          .contains("TransportFailed", "CONNECT: 403", "paid 0", "unknown 0");
    }
  }

  @Test
  void aProxyThatWantsAPasswordIsGivenThatOfTheAuthenticatorOnce() throws Exception {
    byte[] wants =
        RawServer.answer(
            "407 Who are you", new byte[0], "Proxy-Authenticate: Basic realm=\"proxy\"");
    String basic =
        Base64.getEncoder().encodeToString("user:pass".getBytes(StandardCharsets.US_ASCII));
    try (RawServer proxy =
            RawServer.start(
                (head, client, out) -> out.write(head.contains(basic) ? ANSWER : wants));
        RawServer stubborn = RawServer.sending(wants)) {
      assertThat(ask("http" + NOWHERE, http(proxy)[0], http(proxy)[1], "-Dtest.proxyUser=user"))
          .contains("answered", "paid 1");
      assertThat(
              ask("http" + NOWHERE, http(stubborn)[0], http(stubborn)[1], "-Dtest.proxyUser=user"))
          .contains("status 407", "paid 0");
      assertThat(stubborn.requests()).isEqualTo(2);
    }
  }

  @Test
  void aProxyThatIsNotThereCostsNothing() throws Exception {
    assertThat(ask("http" + NOWHERE, "-Dhttp.proxyHost=127.0.0.1", "-Dhttp.proxyPort=1"))
        .contains("TransportFailed", "attempts 3", "paid 0", "unknown 0");
  }

  @Test
  void aQuestionGoesThroughAProxyOfSocks() throws Exception {
    try (RawServer server = RawServer.sending(ANSWER);
        ServerSocket socks = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
      CompletableFuture<String> asked = new CompletableFuture<>();
      Thread proxy = new Thread(() -> serveSocks(socks, server.port(), asked));
      proxy.setDaemon(true);
      proxy.start();
      String said =
          ask(
              "http" + NOWHERE,
              "-DsocksProxyHost=127.0.0.1",
              "-DsocksProxyPort=" + socks.getLocalPort());
      assertThat(said).contains("answered", "paid 1");
      assertThat(asked.get()).as("the proxy looks the name up").isEqualTo("judge.invalid");
    }
  }

  private static String[] http(RawServer proxy) {
    return new String[] {"-Dhttp.proxyHost=127.0.0.1", "-Dhttp.proxyPort=" + proxy.port()};
  }

  private static String[] https(RawServer proxy) {
    return new String[] {"-Dhttps.proxyHost=127.0.0.1", "-Dhttps.proxyPort=" + proxy.port()};
  }

  private static String ask(String baseUrl, String... properties) throws Exception {
    String[] options = java.util.Arrays.copyOf(properties, properties.length + 1);
    options[properties.length] = "-XX:TieredStopAtLevel=1";
    return ChildProgram.of(TransportCalls.class, baseUrl, "question")
        .withVmOptions(options)
        .output();
  }

  /** SOCKS 5 without a password, to one server whatever is asked for. */
  private static void serveSocks(ServerSocket socks, int port, CompletableFuture<String> asked) {
    try (Socket client = socks.accept();
        Socket server = new Socket(InetAddress.getLoopbackAddress(), port)) {
      DataInputStream in = new DataInputStream(client.getInputStream());
      OutputStream out = client.getOutputStream();
      in.readByte(); // version
      in.readNBytes(in.readUnsignedByte());
      out.write(new byte[] {5, 0});
      in.readNBytes(3);
      int kind = in.readByte();
      byte[] name = in.readNBytes(kind == 3 ? in.readUnsignedByte() : 4);
      in.readShort();
      asked.complete(new String(name, StandardCharsets.US_ASCII));
      out.write(new byte[] {5, 0, 0, 1, 127, 0, 0, 1, 0, 0});
      Thread back = new Thread(() -> pump(server, client));
      back.setDaemon(true);
      back.start();
      pump(client, server);
      back.join();
    } catch (IOException e) {
      asked.completeExceptionally(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void pump(Socket from, Socket to) {
    try {
      InputStream in = from.getInputStream();
      in.transferTo(to.getOutputStream());
      to.shutdownOutput();
    } catch (IOException e) {
      // one of them has gone
    }
  }
}
