package org.tastemaker.site;

import java.util.List;
import java.util.Locale;

/**
 * Where a file of the project is in the site. Paths are relative, to the project's folder and to
 * the site's, with slashes.
 */
final class Addresses {
  /** Modules whose classes are in the documentation of the library, in the order of its groups. */
  static final List<String> MODULES =
      List.of(
          "core",
          "core/plot",
          "core/watch",
          "diffusion",
          "diffusion/torch",
          "feedback",
          "feedback/datasets",
          "feedback/human",
          "reward",
          "optim",
          "optim/spark");

  private static final String JAVA = "/src/main/java/";

  private Addresses() {}

  /** The page of a Markdown file; pictures lie beside the pages as they do beside the files. */
  static String of(String file) {
    String inside = file.startsWith("docs/") ? file.substring("docs/".length()) : file;
    if (!inside.endsWith(".md")) {
      return inside;
    }
    if (inside.equals("README.md")) {
      return "index.html"; // of docs and of the project: both are beginnings
    }
    String name = inside.substring(0, inside.length() - ".md".length());
    return name.endsWith("/README")
        ? name.substring(0, name.length() - "README".length()) + "index.html"
        : (file.equals(inside) && !name.contains("/") ? name.toLowerCase(Locale.ROOT) : name)
            + ".html";
  }

  /** The page of a file of code, a text or a folder. */
  static String ofSource(String file) {
    String api = ofClass(file);
    return api.isEmpty() ? "source/" + file + ".html" : api;
  }

  /** The page of a class or a package of the library; empty for what is none. */
  static String ofClass(String file) {
    int java = file.indexOf(JAVA);
    if (java < 0 || !MODULES.contains(file.substring(0, java)) || !file.endsWith(".java")) {
      return "";
    }
    String name = file.substring(java + JAVA.length(), file.length() - ".java".length());
    return "api/" + name.replace("package-info", "package-summary") + ".html";
  }

  /** The way from one page to another. */
  static String from(String page, String target) {
    return "../".repeat((int) page.chars().filter(c -> c == '/').count()) + target;
  }
}
