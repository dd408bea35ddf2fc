package org.tastemaker.feedback.openai;

import java.io.IOException;
import java.net.Authenticator;
import java.net.InetSocketAddress;
import java.net.PasswordAuthentication;
import java.net.ProtocolException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import okhttp3.Challenge;
import okhttp3.ConnectionPool;
import okhttp3.Credentials;
import okhttp3.HttpUrl;
import okhttp3.Interceptor;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Request;
import okhttp3.Response;
import okhttp3.ResponseBody;
import okhttp3.Route;
import okio.Buffer;
import okio.BufferedSource;
import okio.ForwardingSource;
import okio.Okio;
import okio.Source;
import org.jspecify.annotations.Nullable;

/**
 * HTTP as calls that cost money need it.
 *
 * <p><b>Nothing happens in silence.</b> A request is sent once for each attempt: the client's own
 * retries are off, and redirects are followed only as {@link Redirects} says. A call that ends
 * before its request was sent ends with {@link NeverSent}.
 *
 * <p><b>Nothing is without end.</b> An answer is in memory, within its limit, when it comes from
 * here; the overall timeout holds for all of it. What the HTTP client throws at headers that make
 * no sense becomes an {@link IOException}. HTTP/1.1 only, since it is the connection that bounds an
 * answer ({@link BoundedSockets}).
 *
 * <p>Proxies are those of the system properties {@code http.proxyHost}, {@code https.proxyHost},
 * {@code socksProxyHost} and their kin; the name and password for one come from {@link
 * Authenticator}.
 */
final class Transport {
  /** Of an error's body more is not read: it is only quoted. */
  private static final int MOST_OF_AN_ERROR = 64 * 1024;

  private static final int MOST_REDIRECTS = 5;
  private static final String AUTHORIZATION = "Authorization";
  private static final String PROXY_AUTHORIZATION = "Proxy-Authorization";
  private static final String RETRY_AFTER = "Retry-After";

  private final HttpUrl baseUrl;
  private final ApiKey key;
  private final Redirects redirects;
  private final int mostBytes;

  private Transport(HttpUrl baseUrl, ApiKey key, Redirects redirects, int mostBytes) {
    this.baseUrl = baseUrl;
    this.key = key;
    this.redirects = redirects;
    this.mostBytes = mostBytes;
  }

  /** Whether a request was sent. */
  private static final class Sent {
    private final AtomicBoolean sent = new AtomicBoolean();
  }

  /** What a client shares with others: everything but the limit on answers. */
  static OkHttpClient shared(Duration timeout, int connections) {
    return new OkHttpClient.Builder()
        .callTimeout(timeout)
        .readTimeout(timeout)
        .writeTimeout(timeout)
        .connectTimeout(Duration.ofSeconds(10))
        .protocols(List.of(Protocol.HTTP_1_1))
        .followRedirects(false)
        .followSslRedirects(false)
        .retryOnConnectionFailure(false) // a silent retry may be billed
        .proxyAuthenticator((route, response) -> introduced(route, response))
        .connectionPool(new ConnectionPool(connections, 5, TimeUnit.MINUTES))
        .build();
  }

  /**
   * A request that a proxy asks a password for, with that of {@link Authenticator}; null if there
   * is none, or if it was refused. The HTTP client's own way fails on proxies of the system
   * properties, whose addresses are not looked up.
   */
  private static @Nullable Request introduced(@Nullable Route route, Response response) {
    Request request = response.request();
    HttpUrl url = request.url();
    if (route == null || !(route.proxy().address() instanceof InetSocketAddress proxy)) {
      return null;
    }
    for (Challenge challenge : response.challenges()) {
      if (!challenge.scheme().equalsIgnoreCase("Basic")
          || request.header(PROXY_AUTHORIZATION) != null) {
        continue;
      }
      PasswordAuthentication who =
          Authenticator.requestPasswordAuthentication(
              proxy.getHostString(),
              proxy.getAddress(),
              proxy.getPort(),
              url.scheme(),
              challenge.realm(),
              challenge.scheme(),
              url.url(),
              Authenticator.RequestorType.PROXY);
      if (who != null) {
        return request
            .newBuilder()
            .header(
                PROXY_AUTHORIZATION,
                Credentials.basic(
                    who.getUserName(), new String(who.getPassword()), challenge.charset()))
            .build();
      }
    }
    return null;
  }

  /** A client whose answers have at most so many bytes. */
  static OkHttpClient bounded(
      OkHttpClient shared, HttpUrl baseUrl, ApiKey key, Redirects redirects, int mostBytes) {
    Transport transport = new Transport(baseUrl, key, redirects, mostBytes);
    // Twice as much: chunks, records of TLS and headers need room too.
    return shared
        .newBuilder()
        .socketFactory(
            new BoundedSockets(
                2L * mostBytes + (1 << 20),
                Duration.ofMillis(shared.callTimeoutMillis()),
                System::nanoTime))
        .addInterceptor(transport::call)
        .addNetworkInterceptor(transport::exchange)
        .build();
  }

  /** A whole call, redirects included. */
  private Response call(Interceptor.Chain chain) throws IOException {
    Sent mark = new Sent();
    try {
      return whole(follow(chain, signed(chain.request(), mark)));
    } catch (IOException e) {
      throw mark.sent.get() ? e : new NeverSent(e);
    } catch (RuntimeException e) { // by headers that make no sense
      ProtocolException unreadable = new ProtocolException("the answer cannot be read: " + e);
      unreadable.initCause(e);
      throw unreadable;
    }
  }

  /** One request on a connection that has been made. */
  private Response exchange(Interceptor.Chain chain) throws IOException {
    Sent mark = chain.request().tag(Sent.class);
    if (mark != null) {
      mark.sent.set(true);
    }
    Response response = chain.proceed(chain.request());
    Response.Builder bounded = response.newBuilder();
    String retryAfter = response.header(RETRY_AFTER);
    if (retryAfter != null && retryAfter.matches("\\d+")) {
      // The HTTP client repeats a request in silence after a zero, and fails on a number over int.
      bounded.header(RETRY_AFTER, retryAfter + ".0");
    }
    ResponseBody body = response.body();
    long most = response.isSuccessful() ? mostBytes : MOST_OF_AN_ERROR;
    return bounded
        .body(
            ResponseBody.create(
                Okio.buffer(counted(body.source(), most)),
                body.contentType(),
                body.contentLength()))
        .build();
  }

  private static Source counted(Source source, long most) {
    return new ForwardingSource(source) {
      private long count;

      @Override
      public long read(Buffer sink, long byteCount) throws IOException {
        long read = super.read(sink, byteCount);
        count += Math.max(0, read);
        if (count > most) {
          throw new BodyTooLong(most, "on the wire");
        }
        return read;
      }
    };
  }

  private Response follow(Interceptor.Chain chain, Request request) throws IOException {
    Response response = chain.proceed(request);
    for (int hop = 0; hop < MOST_REDIRECTS; hop++) {
      Optional<HttpUrl> next = next(response);
      if (next.isEmpty()) {
        break;
      }
      response.close();
      response = chain.proceed(response.request().newBuilder().url(next.get()).build());
    }
    return response;
  }

  private Optional<HttpUrl> next(Response response) {
    Request request = response.request();
    boolean keepsTheMethod = response.code() == 307 || response.code() == 308;
    boolean fetches =
        request.method().equals("GET") && response.code() >= 301 && response.code() <= 303;
    String location = response.header("Location");
    if (redirects != Redirects.SAME_ORIGIN || location == null || !(keepsTheMethod || fetches)) {
      return Optional.empty();
    }
    return Optional.ofNullable(request.url().resolve(location))
        .filter(url -> sameOrigin(url, request.url()));
  }

  static boolean sameOrigin(HttpUrl a, HttpUrl b) {
    return a.scheme().equals(b.scheme()) && a.host().equals(b.host()) && a.port() == b.port();
  }

  /** The answer with its body in memory. Of an error, as much as came is enough. */
  private Response whole(Response response) throws IOException {
    boolean successful = response.isSuccessful();
    long most = successful ? mostBytes : MOST_OF_AN_ERROR;
    Buffer bytes = new Buffer();
    try (ResponseBody body = response.body()) {
      if (successful && body.contentLength() > most) {
        throw new BodyTooLong(most, "by its own account");
      }
      BufferedSource source = body.source();
      while (bytes.size() <= most && source.read(bytes, 8192) >= 0) {
        // until the end, or the limit
      }
      if (successful && bytes.size() > most) {
        throw new BodyTooLong(most, "when unpacked");
      }
    } catch (IOException | RuntimeException e) {
      if (successful) {
        throw e;
      }
    }
    long size = Math.min(bytes.size(), most);
    return response
        .newBuilder()
        .body(ResponseBody.create(bytes, response.body().contentType(), size))
        .build();
  }

  private Request signed(Request request, Sent mark) {
    Request.Builder signed =
        request.newBuilder().header("User-Agent", "tastemaker").tag(Sent.class, mark);
    @Nullable String authorization = key.authorization();
    boolean toTheService = request.method().equals("POST") || request.tag(Signed.class) != null;
    boolean ours = toTheService && sameOrigin(request.url(), baseUrl);
    if (authorization != null && ours) {
      signed.header(AUTHORIZATION, authorization);
    }
    return signed.build();
  }
}
