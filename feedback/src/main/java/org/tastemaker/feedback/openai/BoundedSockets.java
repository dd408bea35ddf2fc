package org.tastemaker.feedback.openai;

import java.io.FilterInputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import javax.net.SocketFactory;
import org.jspecify.annotations.Nullable;

/**
 * Sockets that send at once and that end an answer without end.
 *
 * <p><b>They send at once</b> (TCP_NODELAY). A request is written in pieces, and with Nagle's
 * algorithm the last one, if it does not fill a packet, waits until all before it are acknowledged:
 * a round trip, and up to 40 ms more if the server delays acknowledgements.
 *
 * <p><b>What is read since the last write is bounded</b> in bytes and in time. An answer can be
 * endless in places where no limit on bodies sees it, such as the length of a chunk or the lines
 * before the status; and the HTTP client's own time limit hangs on one thread that all calls of the
 * process share.
 */
final class BoundedSockets extends SocketFactory {
  private final long mostBytes;
  private final Duration longest;
  private final LongSupplier nanos;

  /**
   * Sockets with limits on one answer.
   *
   * @param nanos tells the time
   */
  BoundedSockets(long mostBytes, Duration longest, LongSupplier nanos) {
    this.mostBytes = mostBytes;
    this.longest = longest;
    this.nanos = nanos;
  }

  @Override
  public Socket createSocket() throws IOException {
    Socket socket = new Bounded();
    socket.setTcpNoDelay(true);
    return socket;
  }

  @Override
  public Socket createSocket(String host, int port) throws IOException {
    return connected(new InetSocketAddress(host, port), null);
  }

  @Override
  public Socket createSocket(String host, int port, InetAddress localHost, int localPort)
      throws IOException {
    return connected(
        new InetSocketAddress(host, port), new InetSocketAddress(localHost, localPort));
  }

  @Override
  public Socket createSocket(InetAddress host, int port) throws IOException {
    return connected(new InetSocketAddress(host, port), null);
  }

  @Override
  public Socket createSocket(InetAddress host, int port, InetAddress localHost, int localPort)
      throws IOException {
    return connected(
        new InetSocketAddress(host, port), new InetSocketAddress(localHost, localPort));
  }

  private Socket connected(SocketAddress there, @Nullable SocketAddress here) throws IOException {
    Socket socket = createSocket();
    try {
      socket.bind(here);
      socket.connect(there);
      return socket;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  private final class Bounded extends Socket {
    private final AtomicLong read = new AtomicLong();
    private final AtomicLong since = new AtomicLong(nanos.getAsLong());

    @Override
    public InputStream getInputStream() throws IOException {
      return new FilterInputStream(super.getInputStream()) {
        @Override
        public int read() throws IOException {
          byte[] one = new byte[1];
          return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
          requireTime();
          int count = in.read(bytes, offset, length);
          if (read.addAndGet(Math.max(0, count)) > mostBytes) {
            throw new BodyTooLong(mostBytes, "on the wire");
          }
          return count;
        }
      };
    }

    @Override
    public OutputStream getOutputStream() throws IOException {
      return new FilterOutputStream(super.getOutputStream()) {
        @Override
        public void write(int b) throws IOException {
          write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
          out.write(bytes, offset, length);
          read.set(0);
          since.set(nanos.getAsLong());
        }
      };
    }

    private void requireTime() throws SocketTimeoutException {
      if (nanos.getAsLong() - since.get() > longest.toNanos()) {
        throw new SocketTimeoutException(
            "the answer was not complete after " + longest.toMillis() + " ms");
      }
    }
  }
}
