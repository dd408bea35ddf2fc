package org.tastemaker.site;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.commonmark.Extension;
import org.commonmark.ext.gfm.tables.TablesExtension;
import org.commonmark.ext.heading.anchor.HeadingAnchorExtension;
import org.commonmark.ext.heading.anchor.IdGenerator;
import org.commonmark.ext.task.list.items.TaskListItemsExtension;
import org.commonmark.node.AbstractVisitor;
import org.commonmark.node.Code;
import org.commonmark.node.FencedCodeBlock;
import org.commonmark.node.Heading;
import org.commonmark.node.Image;
import org.commonmark.node.Link;
import org.commonmark.node.Node;
import org.commonmark.node.Text;
import org.commonmark.parser.Parser;
import org.commonmark.renderer.NodeRenderer;
import org.commonmark.renderer.html.HtmlNodeRendererContext;
import org.commonmark.renderer.html.HtmlRenderer;
import org.commonmark.renderer.html.HtmlWriter;

/** A Markdown file: its title, headings and links, and its HTML. */
final class Markdown {
  private static final List<Extension> EXTENSIONS =
      List.of(
          TablesExtension.create(),
          HeadingAnchorExtension.create(),
          TaskListItemsExtension.create());
  private static final Parser PARSER = Parser.builder().extensions(EXTENSIONS).build();

  private final String file;
  private final Node document;
  private final List<Title> titles = new ArrayList<>();
  private final List<Reference> references = new ArrayList<>();

  /**
   * A heading.
   *
   * @param level from 1
   * @param text as it is read
   * @param anchor its name in links, as GitHub makes it
   */
  record Title(int level, String text, String anchor) {}

  private Markdown(String file, String text) {
    this.file = file;
    this.document = PARSER.parse(text);
    IdGenerator ids = IdGenerator.builder().build();
    document.accept(
        new AbstractVisitor() {
          @Override
          public void visit(Heading heading) {
            String title = textOf(heading);
            titles.add(new Title(heading.getLevel(), title, ids.generateId(title)));
            visitChildren(heading);
          }

          @Override
          public void visit(Link link) {
            references.add(Reference.of(file, link.getDestination(), false));
            visitChildren(link);
          }

          @Override
          public void visit(Image image) {
            references.add(Reference.of(file, image.getDestination(), true));
          }
        });
  }

  /** A file of the project. */
  static Markdown read(Path project, String file) throws IOException {
    return new Markdown(file, Files.readString(project.resolve(file)));
  }

  /** A file of a text. */
  static Markdown of(String file, String text) {
    return new Markdown(file, text);
  }

  /** The first heading; the file's name where there is none. */
  String title() {
    return titles.isEmpty() ? file : titles.get(0).text();
  }

  List<Title> titles() {
    return titles;
  }

  List<Reference> references() {
    return references;
  }

  Node document() {
    return document;
  }

  /** The body of the page, with links as the site has them. Changes the document. */
  String html(String page) {
    document.accept(
        new AbstractVisitor() {
          @Override
          public void visit(Link link) {
            link.setDestination(Reference.of(file, link.getDestination(), false).seenFrom(page));
            visitChildren(link);
          }

          @Override
          public void visit(Image image) {
            image.setDestination(Reference.of(file, image.getDestination(), true).seenFrom(page));
          }
        });
    String html =
        HtmlRenderer.builder()
            .extensions(EXTENSIONS)
            .escapeHtml(true)
            .nodeRendererFactory(CodeRenderer::new)
            .build()
            .render(document);
    // Wide tables scroll by themselves, and by the keyboard.
    return html.replace("<table>", "<div class=\"wide\" tabindex=\"0\"><table>")
        .replace("</table>", "</table></div>");
  }

  static String textOf(Node node) {
    StringBuilder text = new StringBuilder();
    node.accept(
        new AbstractVisitor() {
          @Override
          public void visit(Text part) {
            text.append(part.getLiteral());
          }

          @Override
          public void visit(Code part) {
            text.append(part.getLiteral());
          }
        });
    return text.toString();
  }

  /** Blocks of code: Java in colours, and diagrams as pictures. */
  private record CodeRenderer(HtmlWriter html) implements NodeRenderer {
    CodeRenderer(HtmlNodeRendererContext context) {
      this(context.getWriter());
    }

    @Override
    public Set<Class<? extends Node>> getNodeTypes() {
      return Set.of(FencedCodeBlock.class);
    }

    @Override
    public void render(Node node) {
      FencedCodeBlock block = (FencedCodeBlock) node;
      String code = block.getLiteral();
      html.line();
      if (block.getInfo().equals("plantuml")) {
        html.raw(Diagram.html(code));
      } else {
        html.tag("pre", Map.of("tabindex", "0"));
        html.tag("code");
        html.raw(block.getInfo().equals("java") ? JavaCode.html(code) : JavaCode.escape(code));
        html.tag("/code");
        html.tag("/pre");
      }
      html.line();
    }
  }
}
