package org.tastemaker.site;

import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Java in colours. */
final class JavaCode {
  private static final Pattern TOKEN =
      Pattern.compile(
          "(?<comment>//[^\\n]*|/\\*(?s:.*?)\\*/)"
              + "|(?<string>\"\"\"(?s:.*?)\"\"\"|\"(?:\\\\.|[^\"\\\\\\n])*\"|'(?:\\\\.|[^'\\\\\\n])+')"
              + "|(?<annotation>@[A-Za-z]\\w*)"
              + "|(?<word>[A-Za-z_]\\w*)");

  private static final Set<String> KEYWORDS =
      Set.of(
          "abstract",
          "boolean",
          "break",
          "byte",
          "case",
          "catch",
          "char",
          "class",
          "continue",
          "default",
          "do",
          "double",
          "else",
          "enum",
          "extends",
          "final",
          "finally",
          "float",
          "for",
          "if",
          "implements",
          "import",
          "instanceof",
          "int",
          "interface",
          "long",
          "new",
          "null",
          "package",
          "permits",
          "private",
          "protected",
          "public",
          "record",
          "return",
          "sealed",
          "short",
          "static",
          "super",
          "switch",
          "synchronized",
          "this",
          "throw",
          "throws",
          "try",
          "var",
          "void",
          "volatile",
          "while",
          "yield",
          "true",
          "false");

  private JavaCode() {}

  static String html(String code) {
    StringBuilder html = new StringBuilder();
    Matcher token = TOKEN.matcher(code);
    int at = 0;
    while (token.find()) {
      html.append(escape(code.substring(at, token.start())));
      String text = escape(token.group());
      String kind = kind(token);
      html.append(kind.isEmpty() ? text : "<span class=\"" + kind + "\">" + text + "</span>");
      at = token.end();
    }
    return html.append(escape(code.substring(at))).toString();
  }

  private static String kind(Matcher token) {
    for (String group : new String[] {"comment", "string", "annotation"}) {
      if (token.group(group) != null) {
        return group;
      }
    }
    return KEYWORDS.contains(token.group()) ? "keyword" : "";
  }

  static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
