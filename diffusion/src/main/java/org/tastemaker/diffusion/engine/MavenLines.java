package org.tastemaker.diffusion.engine;

import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;
import java.util.Properties;

/** The lines of a pom that bring native libraries for this machine. */
public final class MavenLines {
  private MavenLines() {}

  /**
   * A dependency with the classifier of this platform.
   *
   * @param group such as {@code org.bytedeco}
   * @param artifact such as {@code dnnl}
   * @param versionOf the artifact of the same group on the class path whose version it has
   * @return lines to be put into a pom
   */
  public static String withNatives(String group, String artifact, String versionOf) {
    return lines(group, artifact, versionOf, "\n  <classifier>" + platform() + "</classifier>");
  }

  /**
   * A dependency without classifier.
   *
   * @param group such as {@code org.nd4j}
   * @param artifact such as {@code nd4j-native}
   * @param versionOf the artifact of the same group on the class path whose version it has
   * @return lines to be put into a pom
   */
  public static String of(String group, String artifact, String versionOf) {
    return lines(group, artifact, versionOf, "");
  }

  private static String lines(String group, String artifact, String versionOf, String more) {
    return "<dependency>\n  <groupId>"
        + group
        + "</groupId>\n  <artifactId>"
        + artifact
        + "</artifactId>\n  <version>"
        + version(group, versionOf)
        + "</version>"
        + more
        + "\n</dependency>";
  }

  /** This machine's platform, as the classifiers name it. */
  static String platform() {
    String os = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
    String arch = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
    String system = os.startsWith("win") ? "windows" : os.startsWith("mac") ? "macosx" : "linux";
    boolean arm = arch.equals("aarch64") || arch.equals("arm64");
    return system + (arm ? "-arm64" : "-x86_64");
  }

  private static String version(String group, String artifact) {
    String file = "/META-INF/maven/" + group + "/" + artifact + "/pom.properties";
    try (InputStream in = MavenLines.class.getResourceAsStream(file)) {
      if (in != null) {
        Properties properties = new Properties();
        properties.load(in);
        return properties.getProperty("version", "of " + artifact);
      }
    } catch (IOException e) {
      // no version is known then
    }
    return "of " + artifact;
  }
}
