package org.tastemaker.feedback.openai;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ServerSocketFactory;

/**
 * A server of plain sockets that answers with any bytes at all, one request a connection unless it
 * keeps them. What it sends may be endless: it stops when the client has gone.
 */
final class RawServer implements AutoCloseable {
  private static final int KEPT_HEADS = 100;

  private final ServerSocket socket;
  private final String scheme;
  private final Script script;
  private final boolean keeps;
  private final AtomicInteger requests = new AtomicInteger();
  private final List<String> heads = new CopyOnWriteArrayList<>();

  /** Answers a request whose head was read. */
  @FunctionalInterface
  interface Script {
    void answer(String head, Socket client, OutputStream out) throws IOException;
  }

  private RawServer(ServerSocket socket, String scheme, boolean keeps, Script script) {
    this.keeps = keeps;
    this.socket = socket;
    this.scheme = scheme;
    this.script = script;
    Thread thread = new Thread(this::accept, "raw-server");
    thread.setDaemon(true);
    thread.start();
  }

  static RawServer start(Script script) throws IOException {
    return new RawServer(
        new ServerSocket(0, 500, InetAddress.getLoopbackAddress()), "http", false, script);
  }

  /** One that reads the next request from the same connection. */
  static RawServer keeping(Script script) throws IOException {
    return new RawServer(
        new ServerSocket(0, 500, InetAddress.getLoopbackAddress()), "http", true, script);
  }

  static RawServer start(ServerSocketFactory tls, Script script) throws IOException {
    return new RawServer(
        tls.createServerSocket(0, 500, InetAddress.getLoopbackAddress()), "https", false, script);
  }

  /** Sends the same bytes to everybody. */
  static RawServer sending(byte[] bytes) throws IOException {
    return start((head, client, out) -> out.write(bytes));
  }

  static RawServer sending(String text) throws IOException {
    return sending(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  /** A whole answer of status 200. */
  static byte[] ok(byte[] body, String... headers) {
    return answer("200 OK", body, headers);
  }

  static byte[] answer(String status, byte[] body, String... headers) {
    StringBuilder head = new StringBuilder("HTTP/1.1 " + status + "\r\n");
    for (String header : headers) {
      head.append(header).append("\r\n");
    }
    head.append("Connection: close\r\nContent-Length: ").append(body.length).append("\r\n\r\n");
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(head.toString().getBytes(StandardCharsets.ISO_8859_1));
    all.writeBytes(body);
    return all.toByteArray();
  }

  /** The same without a word on closing the connection. */
  static byte[] kept(byte[] body) {
    String whole = new String(ok(body), StandardCharsets.ISO_8859_1);
    return whole.replace("Connection: close\r\n", "").getBytes(StandardCharsets.ISO_8859_1);
  }

  static byte[] ok(String body, String... headers) {
    return ok(body.getBytes(StandardCharsets.UTF_8), headers);
  }

  int port() {
    return socket.getLocalPort();
  }

  String origin() {
    return scheme + "://127.0.0.1:" + port();
  }

  String baseUrl() {
    return origin() + "/v1";
  }

  /** Requests whose head arrived. */
  int requests() {
    return requests.get();
  }

  /** The heads of the first of them: the first line and the headers. */
  List<String> heads() {
    return heads;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }

  private void accept() {
    while (!socket.isClosed()) {
      try {
        Socket client = socket.accept();
        Thread thread = new Thread(() -> serve(client), "raw-server-client");
        thread.setDaemon(true);
        thread.start();
      } catch (IOException e) {
        if (!socket.isClosed()) {
          throw new java.io.UncheckedIOException(e);
        }
      }
    }
  }

  private void serve(Socket client) {
    try (client) {
      InputStream in = new BufferedInputStream(client.getInputStream());
      OutputStream out = new BufferedOutputStream(client.getOutputStream());
      do {
        String head = head(in);
        if (requests.incrementAndGet() <= KEPT_HEADS) {
          heads.add(head);
        }
        in.readNBytes(length(head));
        script.answer(head, client, out);
        out.flush();
      } while (keeps);
    } catch (IOException e) {
      // the client has gone, or never was one
    }
  }

  private static String head(InputStream in) throws IOException {
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    int end = 0;
    while (end < 4) {
      int b = in.read();
      if (b < 0) {
        throw new IOException("no request");
      }
      head.write(b);
      end = b == "\r\n\r\n".charAt(end) ? end + 1 : b == '\r' ? 1 : 0;
    }
    return head.toString(StandardCharsets.ISO_8859_1);
  }

  private static int length(String head) {
    for (String line : head.lines().toList()) {
      if (line.toLowerCase(Locale.ROOT).startsWith("content-length:")) {
        return Integer.parseInt(line.substring(15).trim());
      }
    }
    return 0;
  }
}
