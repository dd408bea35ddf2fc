package org.tastemaker.site;

import java.io.File;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The documentation of all modules' classes in one, by the JDK's own javadoc. */
final class Apidoc {
  private Apidoc() {}

  /**
   * Writes it. The class path of this process has what the modules need.
   *
   * @throws IllegalStateException if a comment is wrong
   */
  static void write(Path project, Path folder, String version) {
    String sources =
        Addresses.MODULES.stream()
            .flatMap(
                module ->
                    Stream.of("src/main/java", "target/generated-sources/annotations")
                        .map(root -> project.resolve(module).resolve(root)))
            .filter(Files::isDirectory)
            .map(Path::toString)
            .collect(Collectors.joining(File.pathSeparator));
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "-quiet",
                "-notimestamp",
                "-Xdoclint:none", // each module's own build checks its comments
                "--release",
                "17",
                "-encoding",
                "UTF-8",
                "-docencoding",
                "UTF-8",
                "-classpath",
                System.getProperty("java.class.path"),
                "-sourcepath",
                sources,
                "-subpackages",
                "org.tastemaker",
                "-windowtitle",
                "Tastemaker " + version,
                "-doctitle",
                "Tastemaker " + version,
                "-bottom",
                "<a href=\"{@docRoot}/../index.html\">The site's first page</a>",
                "-d",
                folder.toString()));
    for (String module : Addresses.MODULES) {
      String name = module.substring(module.indexOf('/') + 1);
      arguments.addAll(
          List.of(
              "-group",
              "tastemaker-" + name,
              "org.tastemaker." + packages(name) + ":org.tastemaker." + packages(name) + ".*"));
    }
    StringWriter messages = new StringWriter();
    PrintWriter out = new PrintWriter(messages);
    int code =
        ToolProvider.findFirst("javadoc")
            .orElseThrow(() -> new IllegalStateException("a JDK is needed, with javadoc"))
            .run(out, out, arguments.toArray(String[]::new));
    if (code != 0) {
      throw new IllegalStateException("javadoc ended with " + code + ":\n" + messages);
    }
  }

  /** Some modules' packages lie within another's. */
  private static String packages(String module) {
    return switch (module) {
      case "torch" -> "diffusion.torch";
      case "spark" -> "optim.spark";
      default -> module;
    };
  }
}
