package org.hatask;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.ModifiersTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.DocTrees;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePath;
import com.sun.source.util.TreePathScanner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.lang.model.element.Modifier;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;

/** What users write against is explained. That comments are right, with links that lead somewhere, is the compiler's to say. */
class JavadocTest {

    private static final Path SOURCES = Path.of("src/main/java/org/hatask");

    /** Beside the package of users: what they may replace or make themselves. */
    private static final List<String> FOR_EXPERTS = List.of(
            "cluster/MasterElection",
            "cluster/Membership",
            "dispatch/CandidateRequest",
            "dispatch/NodeChooser",
            "dispatch/TaskLoadBalancer",
            "durable/TaskStore",
            "execute/ArgumentCodec",
            "execute/TaskObserver",
            "fence/JdbcFence");

    @Test
    void everythingThatUsersSeeHasAComment() throws IOException {
        List<Path> files = new ArrayList<>();
        try (Stream<Path> users = Files.list(SOURCES)) {
            users.filter(file -> file.toString().endsWith(".java")).sorted().forEach(files::add);
        }
        FOR_EXPERTS.forEach(name -> files.add(SOURCES.resolve(name + ".java")));
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        List<String> silent = new ArrayList<>();
        try (StandardJavaFileManager manager = compiler.getStandardFileManager(null, null, null)) {
            JavacTask task = (JavacTask) compiler.getTask(
                    null, manager, null, List.of("-proc:none"), null, manager.getJavaFileObjectsFromPaths(files));
            DocTrees comments = DocTrees.instance(task);
            for (CompilationUnitTree unit : task.parse()) {
                new Reader(comments, silent).scan(new TreePath(unit), null);
            }
        }

        assertThat(files).hasSizeGreaterThan(30);
        assertThat(silent).isEmpty();
    }

    private static final class Reader extends TreePathScanner<Void, Void> {

        private final DocTrees comments;
        private final List<String> silent;

        Reader(DocTrees comments, List<String> silent) {
            this.comments = comments;
            this.silent = silent;
        }

        @Override
        public Void visitClass(ClassTree type, Void nothing) {
            if (!isSeen(type.getModifiers())) {
                return null;
            }
            check(type.getSimpleName());
            return super.visitClass(type, nothing);
        }

        /** What overrides has the comment of what it overrides; constructors are their classes' to explain. */
        @Override
        public Void visitMethod(MethodTree method, Void nothing) {
            boolean overrides = method.getModifiers().getAnnotations().stream()
                    .anyMatch(annotation ->
                            annotation.getAnnotationType().toString().equals("Override"));
            boolean constructor = method.getReturnType() == null;
            if (isSeen(method.getModifiers()) && !overrides && !constructor) {
                check(method.getName());
            }
            return null;
        }

        @Override
        public Void visitVariable(VariableTree variable, Void nothing) {
            if (isSeen(variable.getModifiers())) {
                check(variable.getName());
            }
            return null;
        }

        private boolean isSeen(ModifiersTree modifiers) {
            Tree owner = getCurrentPath().getParentPath().getLeaf();
            boolean ofInterface =
                    owner.getKind() == Tree.Kind.INTERFACE || owner.getKind() == Tree.Kind.ANNOTATION_TYPE;
            return ofInterface && !modifiers.getFlags().contains(Modifier.PRIVATE)
                    || modifiers.getFlags().contains(Modifier.PUBLIC)
                    || modifiers.getFlags().contains(Modifier.PROTECTED);
        }

        private void check(CharSequence name) {
            if (comments.getDocComment(getCurrentPath()) == null) {
                CompilationUnitTree unit = getCurrentPath().getCompilationUnit();
                long position = comments.getSourcePositions()
                        .getStartPosition(unit, getCurrentPath().getLeaf());
                silent.add(Path.of(unit.getSourceFile().getName()).getFileName() + ":"
                        + unit.getLineMap().getLineNumber(position) + ": " + name);
            }
        }
    }
}
