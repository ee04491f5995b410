package org.hatask;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The arrows between the packages, and which of them knows which library. */
@AnalyzeClasses(packages = "org.hatask", importOptions = DoNotIncludeTests.class)
class ArchitectureTest {

    @ArchTest
    static final ArchRule packagesDependDownwards = layeredArchitecture()
            .consideringOnlyDependenciesInLayers()
            .layer("autoconfigure")
            .definedBy("org.hatask.autoconfigure")
            .layer("actuate")
            .definedBy("org.hatask.actuate")
            .layer("metrics")
            .definedBy("org.hatask.metrics")
            .layer("tracing")
            .definedBy("org.hatask.tracing")
            .layer("console")
            .definedBy("org.hatask.console")
            .layer("durable")
            .definedBy("org.hatask.durable..")
            .layer("lifecycle")
            .definedBy("org.hatask.lifecycle")
            .layer("dispatch")
            .definedBy("org.hatask.dispatch")
            .layer("link")
            .definedBy("org.hatask.link")
            .layer("failure")
            .definedBy("org.hatask.failure")
            .layer("execute")
            .definedBy("org.hatask.execute")
            .layer("zookeeper")
            .definedBy("org.hatask.zookeeper")
            .layer("standby")
            .definedBy("org.hatask.standby")
            .layer("fence")
            .definedBy("org.hatask.fence")
            .layer("jdbc")
            .definedBy("org.hatask.jdbc")
            .layer("cluster")
            .definedBy("org.hatask.cluster")
            .layer("public")
            .definedBy("org.hatask")
            .whereLayer("autoconfigure")
            .mayNotBeAccessedByAnyLayer()
            .whereLayer("actuate")
            .mayOnlyBeAccessedByLayers("autoconfigure")
            .whereLayer("metrics")
            .mayOnlyBeAccessedByLayers("autoconfigure")
            .whereLayer("tracing")
            .mayOnlyBeAccessedByLayers("autoconfigure")
            .whereLayer("console")
            .mayOnlyBeAccessedByLayers("autoconfigure")
            .whereLayer("durable")
            .mayOnlyBeAccessedByLayers("autoconfigure", "actuate", "metrics")
            .whereLayer("lifecycle")
            .mayOnlyBeAccessedByLayers("autoconfigure", "durable")
            .whereLayer("dispatch")
            .mayOnlyBeAccessedByLayers("autoconfigure", "actuate", "metrics", "durable")
            .whereLayer("link")
            .mayOnlyBeAccessedByLayers("autoconfigure", "actuate", "metrics", "lifecycle", "dispatch")
            .whereLayer("failure")
            .mayOnlyBeAccessedByLayers(
                    "autoconfigure", "actuate", "metrics", "durable", "lifecycle", "dispatch", "link")
            .whereLayer("execute")
            .mayOnlyBeAccessedByLayers(
                    "autoconfigure",
                    "actuate",
                    "metrics",
                    "tracing",
                    "durable",
                    "lifecycle",
                    "dispatch",
                    "link",
                    "failure")
            .whereLayer("zookeeper")
            .mayOnlyBeAccessedByLayers("autoconfigure", "durable")
            .whereLayer("standby")
            .mayOnlyBeAccessedByLayers("autoconfigure", "actuate")
            .whereLayer("fence")
            .mayOnlyBeAccessedByLayers("autoconfigure")
            .whereLayer("jdbc")
            .mayOnlyBeAccessedByLayers("autoconfigure", "durable", "fence");

    @ArchTest
    static final ArchRule thereAreNoCircles =
            slices().matching("org.hatask.(*)..").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule onlyTwoPackagesKnowZooKeeper = noClasses()
            .that()
            .resideOutsideOfPackages("org.hatask.zookeeper", "org.hatask.durable.zookeeper")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.apache.zookeeper..", "org.apache.curator..");

    @ArchTest
    static final ArchRule ofTheTaskManagerOnlyItsStoreKnowsOurZooKeeper = noClasses()
            .that()
            .resideInAnyPackage("org.hatask.durable", "org.hatask.durable.jdbc")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.hatask.zookeeper", "org.hatask.durable.zookeeper");

    @ArchTest
    static final ArchRule onlyFenceAndStoreKnowJdbc = noClasses()
            .that()
            .resideOutsideOfPackages("org.hatask.fence", "org.hatask.durable.jdbc")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.springframework.jdbc..", "org.springframework.transaction..");

    @ArchTest
    static final ArchRule onlyMetricsAndTracingKnowMicrometer = noClasses()
            .that()
            .resideOutsideOfPackages("org.hatask.autoconfigure", "org.hatask.metrics", "org.hatask.tracing")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("io.micrometer..");

    @ArchTest
    static final ArchRule onlyTheConsoleKnowsSpringSecurity = noClasses()
            .that()
            .resideOutsideOfPackage("org.hatask.console")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.springframework.security..");

    @ArchTest
    static final ArchRule onlyTheAutoConfigurationKnowsBoot = noClasses()
            .that()
            .resideOutsideOfPackages("org.hatask.autoconfigure", "org.hatask.actuate", "org.hatask.execute")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.springframework.boot..");

    @ArchTest
    static final ArchRule onlyTheAutoConfigurationConfigures = noClasses()
            .that()
            .resideOutsideOfPackage("org.hatask.autoconfigure")
            .should()
            .beAnnotatedWith("org.springframework.context.annotation.Configuration");

    @ArchTest
    static final ArchRule whatUsersImportKnowsNothingBelow = classes()
            .that()
            .resideInAPackage("org.hatask")
            .should()
            .onlyDependOnClassesThat(resideInAnyPackage(
                    "java..", "org.hatask", "org.jspecify..", "org.springframework.core.annotation.."));

    @ArchTest
    static final ArchRule nobodySleeps = noClasses().should().callMethod(Thread.class, "sleep", long.class);
}
