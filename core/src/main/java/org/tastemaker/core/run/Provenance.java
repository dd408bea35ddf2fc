package org.tastemaker.core.run;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.time.Instant;
import java.util.Collections;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import org.tastemaker.core.Seed;

/**
 * What a run was made from: enough, together with its configuration, to repeat it.
 *
 * @param createdAt when it began
 * @param environment versions and the machine's kind, by name; no host names, no user names, no
 *     keys
 * @param seeds the seeds' keys, by name
 * @param hashes SHA-256 of the inputs (model files, data sets), by name
 */
public record Provenance(
    Instant createdAt,
    Map<String, String> environment,
    Map<String, Long> seeds,
    Map<String, String> hashes) {
  private static final String ND4J = "/META-INF/maven/org.nd4j/nd4j-api/pom.properties";

  public Provenance {
    Objects.requireNonNull(createdAt, "createdAt == null");
    environment = Collections.unmodifiableMap(new TreeMap<>(environment));
    seeds = Collections.unmodifiableMap(new TreeMap<>(seeds));
    hashes = Collections.unmodifiableMap(new TreeMap<>(hashes));
  }

  /**
   * The versions and the kind of machine of this process; ND4J's where it is on the class path.
   *
   * @param clock tells the time
   * @return a provenance without seeds and hashes
   */
  public static Provenance capture(Clock clock) {
    String own = Provenance.class.getPackage().getImplementationVersion();
    Map<String, String> environment = new TreeMap<>();
    environment.put("tastemaker", own == null ? "development" : own);
    environment.put("java", System.getProperty("java.version", "unknown"));
    environment.put("os", System.getProperty("os.name", "unknown"));
    environment.put("architecture", System.getProperty("os.arch", "unknown"));
    environment.put("processors", Integer.toString(Runtime.getRuntime().availableProcessors()));
    nd4jVersion().ifPresent(version -> environment.put("nd4j", version));
    return new Provenance(clock.instant(), environment, Map.of(), Map.of());
  }

  /**
   * Adds a seed.
   *
   * @param name what it is for
   * @param seed the seed
   * @return a new provenance
   */
  public Provenance withSeed(String name, Seed seed) {
    Map<String, Long> more = new TreeMap<>(seeds);
    more.put(name, seed.key());
    return new Provenance(createdAt, environment, more, hashes);
  }

  /**
   * Adds the hash of a file's content.
   *
   * @param name what the file is
   * @param file where it is
   * @return a new provenance
   * @throws UncheckedIOException if it cannot be read
   */
  public Provenance withHash(String name, Path file) {
    Map<String, String> more = new TreeMap<>(hashes);
    more.put(name, sha256(file));
    return new Provenance(createdAt, environment, seeds, more);
  }

  private static String sha256(Path file) {
    try (InputStream in = Files.newInputStream(file);
        DigestInputStream digest =
            new DigestInputStream(in, MessageDigest.getInstance("SHA-256"))) {
      digest.transferTo(java.io.OutputStream.nullOutputStream());
      return HexFormat.of().formatHex(digest.getMessageDigest().digest());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file + ": " + e.getMessage(), e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /** From the jar's own file: no class of ND4J is loaded, and there may be no ND4J. */
  private static Optional<String> nd4jVersion() {
    try (InputStream in = Provenance.class.getResourceAsStream(ND4J)) {
      if (in == null) {
        return Optional.empty();
      }
      Properties properties = new Properties();
      properties.load(in);
      return Optional.ofNullable(properties.getProperty("version"));
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
