"""The pages: a blueprint a topic, views of a few lines, guarded in one place."""

from flask import Flask

from referral.web import (
    account,
    adoptions,
    agenda,
    attachments,
    auditing,
    blank_form,
    care,
    copies,
    corrections,
    decisions,
    drafts,
    duplicates,
    emergencies,
    errors,
    evidence,
    hand_over,
    hospital,
    imports,
    inbox,
    interests,
    kept_files,
    layout,
    letters,
    library,
    meetings,
    messages,
    moves,
    new_facts,
    numbers,
    opinions,
    packets,
    packs,
    pages,
    people,
    proof,
    questions,
    quick_check,
    referrals,
    room,
    rules,
    second_step,
    session,
    static_files,
    watching,
)


def register(app: Flask) -> None:
    """Wire the pages into the application."""
    watching.register(app)
    layout.register(app)
    static_files.register(app)
    session.register(app)
    proof.register(app)
    errors.register(app)
    app.register_blueprint(pages.pages)
    app.register_blueprint(drafts.drafts)
    app.register_blueprint(referrals.referrals)
    app.register_blueprint(attachments.attachments)
    app.register_blueprint(kept_files.kept_files)
    app.register_blueprint(moves.moves)
    app.register_blueprint(emergencies.urgent)
    app.register_blueprint(questions.questions)
    app.register_blueprint(new_facts.new_facts)
    app.register_blueprint(messages.messages)
    app.register_blueprint(inbox.inbox)
    app.register_blueprint(imports.imports)
    app.register_blueprint(adoptions.adoptions)
    app.register_blueprint(evidence.evidence)
    app.register_blueprint(blank_form.blank_form)
    app.register_blueprint(copies.copies)
    app.register_blueprint(duplicates.duplicates)
    app.register_blueprint(decisions.decisions)
    app.register_blueprint(letters.letters)
    app.register_blueprint(hand_over.handing)
    app.register_blueprint(library.shelf)
    app.register_blueprint(quick_check.quick)
    app.register_blueprint(hospital.hospital)
    app.register_blueprint(rules.rules)
    app.register_blueprint(numbers.numbers)
    app.register_blueprint(auditing.auditing)
    app.register_blueprint(people.people)
    app.register_blueprint(account.account)
    app.register_blueprint(second_step.second_step)
    app.register_blueprint(care.care)
    app.register_blueprint(corrections.corrections)
    app.register_blueprint(meetings.meetings)
    app.register_blueprint(agenda.agenda)
    app.register_blueprint(interests.interests)
    app.register_blueprint(opinions.opinions)
    app.register_blueprint(packets.checks)
    app.register_blueprint(packs.packs)
    app.register_blueprint(room.room)
