package org.tastemaker.diffusion.engine;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Locale;
import java.util.Properties;

/**
 * The one dependency that brings the library with a platform's native libraries, as Maven and
 * Gradle write it.
 */
public final class MavenLines {
  /** The platforms that ND4J has native libraries for. */
  static final List<String> PLATFORMS =
      List.of("linux-x86_64", "linux-arm64", "macosx-x86_64", "macosx-arm64", "windows-x86_64");

  private static final String OWN =
      "/META-INF/maven/org.tastemaker/tastemaker-diffusion/pom.properties";

  private MavenLines() {}

  /**
   * The dependency for this machine.
   *
   * @param kind what computes: {@code cpu}, {@code torch-cpu} or {@code torch-cuda}
   * @return a line for each of Maven and Gradle
   */
  public static String forThisMachine(String kind) {
    return of(kind, platform());
  }

  /**
   * The dependency for a platform.
   *
   * @param kind what computes: {@code cpu}, {@code torch-cpu} or {@code torch-cuda}
   * @param platform such as {@code linux-x86_64}
   * @return a line for each of Maven and Gradle
   */
  public static String of(String kind, String platform) {
    String artifact = "tastemaker-" + kind + "-" + platform;
    return "<dependency><groupId>org.tastemaker</groupId><artifactId>"
        + artifact
        + "</artifactId><version>"
        + version()
        + "</version><type>pom</type></dependency>\nor, with Gradle,"
        + " implementation(\"org.tastemaker:"
        + artifact
        + ":"
        + version()
        + "\")";
  }

  /** This machine's platform, as the classifiers name it. */
  static String platform() {
    return platform(System.getProperty("os.name", ""), System.getProperty("os.arch", ""));
  }

  /** The platform of Java's names for the system and the processor. */
  static String platform(String name, String processor) {
    String os = name.toLowerCase(Locale.ROOT);
    String arch = processor.toLowerCase(Locale.ROOT);
    String system = os.startsWith("win") ? "windows" : os.startsWith("mac") ? "macosx" : "linux";
    boolean arm = arch.equals("aarch64") || arch.equals("arm64");
    return system + (arm ? "-arm64" : "-x86_64");
  }

  /** Of this library, which all its artifacts have. */
  private static String version() {
    try (InputStream in = MavenLines.class.getResourceAsStream(OWN)) {
      if (in != null) {
        Properties properties = new Properties();
        properties.load(in);
        return properties.getProperty("version", "VERSION");
      }
    } catch (IOException e) {
      // no version is known then
    }
    return "VERSION"; // classes that are in no jar
  }
}
