package org.tastemaker.human.web;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.URI;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.jspecify.annotations.Nullable;

/**
 * Serves a {@link Page} to the people who were given its address.
 *
 * <pre>{@code
 * try (PageServer server = PageServer.builder(page).remembering(folder.resolve("server.json")).open()) {
 *   out.println("open " + server.address());
 * }
 * }</pre>
 *
 * <p>See the package's description for what is checked. Replies go over plain HTTP: on a network
 * that others read, use a tunnel.
 */
public final class PageServer implements AutoCloseable {
  private final Server server;
  private final Visitors visitors;
  private final String host;
  private final int port;

  private PageServer(Server server, Visitors visitors, String host, int port) {
    this.server = server;
    this.visitors = visitors;
    this.host = host;
    this.port = port;
  }

  /**
   * A server to be set up.
   *
   * @param page what it serves
   * @return a builder: loopback, a free port, one visitor
   */
  public static Builder builder(Page page) {
    return new Builder(page);
  }

  /**
   * The address for the only visitor, or the first one.
   *
   * @return with the token: whoever has it is that visitor
   */
  public URI address() {
    return address(visitors.names().get(0));
  }

  /**
   * The address for a visitor.
   *
   * @param visitor one of those that the server was given
   * @return with the token: whoever has it is that visitor
   */
  public URI address(String visitor) {
    return URI.create(
        "http://" + host + ":" + port + "/?" + Gate.TOKEN + "=" + visitors.token(visitor));
  }

  /**
   * Who may come in.
   *
   * @return names, in the order given
   */
  public List<String> visitors() {
    return visitors.names();
  }

  /**
   * Where it listens.
   *
   * @return the port
   */
  public int port() {
    return port;
  }

  /** Ends it. Requests that wait for news are interrupted. */
  @Override
  public void close() {
    try {
      server.stop();
    } catch (Exception e) {
      throw new IllegalStateException("the server did not stop: " + e.getMessage(), e);
    }
  }

  /**
   * Bounds of what a request may take.
   *
   * @param mostBytes of a body, at least 1
   * @param mostThreads how many requests are answered at a time, those that wait for news included;
   *     at least 8
   */
  public record Options(int mostBytes, int mostThreads) {
    public Options {
      if (mostBytes < 1 || mostThreads < 8) {
        throw new IllegalArgumentException(
            "mostBytes must be at least 1 and mostThreads at least 8, but were "
                + mostBytes
                + " and "
                + mostThreads);
      }
    }

    /**
     * 64 KB and 200 threads.
     *
     * @return the options
     */
    public static Options defaults() {
      return new Options(64 << 10, 200);
    }
  }

  /** Sets up a server. */
  public static final class Builder {
    private final Page page;
    private final Set<String> names = new LinkedHashSet<>();
    private final Set<String> hosts = new LinkedHashSet<>();
    private InetAddress address = InetAddress.getLoopbackAddress();
    private int port;
    private @Nullable Path file;
    private RandomGenerator random = new SecureRandom();
    private Options options = Options.defaults();

    private Builder(Page page) {
      this.page = Objects.requireNonNull(page, "page == null");
    }

    /**
     * Lets people in, each with an address of their own.
     *
     * @param people names, 1 to 60 characters each, none of them a control character
     * @return this
     */
    public Builder visitors(List<String> people) {
      for (String name : people) {
        if (name.isBlank() || name.length() > 60 || name.chars().anyMatch(c -> c < ' ')) {
          throw new IllegalArgumentException(
              "a visitor's name must have 1 to 60 characters, but was '" + name + "'");
        }
        if (!names.add(name)) {
          throw new IllegalArgumentException("there are two visitors of the name '" + name + "'");
        }
      }
      return this;
    }

    /**
     * Listens on another address than the loopback interface's, so that others on the network can
     * open the page.
     *
     * @param where an address of this machine; {@code 0.0.0.0} for all of them
     * @return this
     */
    public Builder listeningOn(InetAddress where) {
      this.address = Objects.requireNonNull(where, "where == null");
      return this;
    }

    /**
     * A further name of this machine that people use in the address, such as {@code studio.local}.
     *
     * @param name without the port
     * @return this
     */
    public Builder knownAs(String name) {
      hosts.add(name.toLowerCase(Locale.ROOT));
      return this;
    }

    /**
     * Listens on a port.
     *
     * @param number 1 to 65535; 0 for the one of the last time, if there is one, or a free one
     * @return this
     */
    public Builder port(int number) {
      if (number < 0 || number > 65_535) {
        throw new IllegalArgumentException("a port is 0 to 65535, but was " + number);
      }
      this.port = number;
      return this;
    }

    /**
     * Keeps tokens and port in a file, so that pages that are open find the server again after a
     * restart.
     *
     * @param tokens where; in an existing folder
     * @return this
     */
    public Builder remembering(Path tokens) {
      this.file = Objects.requireNonNull(tokens, "tokens == null");
      return this;
    }

    /**
     * Makes tokens with another source.
     *
     * @param source must not be predictable; by default {@link SecureRandom}
     * @return this
     */
    public Builder random(RandomGenerator source) {
      this.random = Objects.requireNonNull(source, "source == null");
      return this;
    }

    /**
     * Sets bounds.
     *
     * @param bounds of requests
     * @return this
     */
    public Builder options(Options bounds) {
      this.options = Objects.requireNonNull(bounds, "bounds == null");
      return this;
    }

    /**
     * Begins to listen.
     *
     * @return the server: the caller closes it
     * @throws IllegalStateException if the port is taken
     * @throws UncheckedIOException if the address cannot be listened on, or the file not be written
     */
    public PageServer open() {
      Visitors visitors =
          Visitors.of(names.isEmpty() ? List.of("you") : List.copyOf(names), random, file);
      int wanted = port != 0 ? port : visitors.port();
      Server server = server();
      ServerConnector connector = connector(server);
      try {
        listen(connector, wanted);
        int open = connector.getLocalPort();
        String cookie = "tastemaker-" + open;
        server.setHandler(
            new PageHandler(page, new Gate(allowed(open), visitors, cookie), options.mostBytes()));
        if (file != null) {
          visitors.write(file, open);
        }
        server.start();
        return new PageServer(server, visitors, hostOfAddress(), open);
      } catch (Exception e) {
        connector.close();
        if (e instanceof RuntimeException known) {
          throw known;
        }
        throw new IllegalStateException("the server did not start: " + e.getMessage(), e);
      }
    }

    private Server server() {
      QueuedThreadPool threads = new QueuedThreadPool(options.mostThreads(), 8);
      threads.setName("tastemaker-page");
      threads.setDaemon(true);
      Server server = new Server(threads);
      server.setStopTimeout(0); // whoever waits for news would wait to the end
      server.setErrorHandler(new PageHandler.Errors());
      return server;
    }

    private static ServerConnector connector(Server server) {
      HttpConfiguration http = new HttpConfiguration();
      http.setSendServerVersion(false);
      ServerConnector connector =
          new ServerConnector(server, 1, 1, new HttpConnectionFactory(http));
      connector.setIdleTimeout(60_000); // longer than any request waits for news
      server.addConnector(connector);
      return connector;
    }

    private void listen(ServerConnector connector, int wanted) {
      connector.setHost(address.getHostAddress());
      connector.setPort(wanted);
      try {
        connector.open();
      } catch (IOException e) {
        if (wanted != 0 && port == 0) {
          listen(connector, 0); // somebody else has the port of the last time
          return;
        }
        throw new IllegalStateException(
            "cannot listen on "
                + address.getHostAddress()
                + ", port "
                + wanted
                + ": "
                + e.getMessage()
                + ". Choose another port, or end what uses it",
            e);
      }
    }

    private Set<String> allowed(int open) {
      Set<String> all = new LinkedHashSet<>(hosts);
      if (address.isLoopbackAddress() || address.isAnyLocalAddress()) {
        all.addAll(List.of("127.0.0.1", "localhost", "[::1]"));
      }
      for (InetAddress one : address.isAnyLocalAddress() ? ofThisMachine() : List.of(address)) {
        all.add(literal(one));
      }
      Set<String> withPort = new LinkedHashSet<>();
      all.forEach(name -> withPort.add(name + ":" + open));
      return withPort;
    }

    /** What people are told: the first name, or an address that others can reach. */
    private String hostOfAddress() {
      if (!hosts.isEmpty()) {
        return hosts.iterator().next();
      }
      if (!address.isAnyLocalAddress()) {
        return literal(address);
      }
      return ofThisMachine().stream()
          .filter(one -> !one.isLoopbackAddress() && !one.isLinkLocalAddress())
          .findFirst()
          .map(Builder::literal)
          .orElse("127.0.0.1");
    }

    private static String literal(InetAddress address) {
      String text = address.getHostAddress();
      int zone = text.indexOf('%');
      String bare = zone < 0 ? text : text.substring(0, zone);
      return bare.indexOf(':') >= 0 ? "[" + bare + "]" : bare;
    }

    private static List<InetAddress> ofThisMachine() {
      try {
        List<InetAddress> all = new ArrayList<>();
        NetworkInterface.networkInterfaces().forEach(of -> of.inetAddresses().forEach(all::add));
        return all;
      } catch (SocketException e) {
        throw new UncheckedIOException("cannot list this machine's addresses", e);
      }
    }
  }
}
