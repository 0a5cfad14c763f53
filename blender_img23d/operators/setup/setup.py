"""Setting up the AI models, stopping that, and the artist's answers to a licence."""

import bpy
from bpy.app.translations import pgettext_rpt as _
from bpy.props import StringProperty

from ...app.owner import extension, extension_or_none, poll_idle, poll_no_setup, poll_own_models
from ...properties import preferences_of
from ...shared.img23d_protocol import Img23DError
from ...shared.img23d_protocol.choices import LICENCES, TENCENT_LICENCE
from ...shared.img23d_protocol.errors import bad_request
from ...shared.img23d_protocol.options.settings import SET_UP


class IMG23D_OT_setup(bpy.types.Operator):
    bl_idname = "img23d.setup"
    bl_label = "Img23D: Set Up AI Models"
    bl_description = "Make the environment that the AI models run in and download the chosen models. It can be cancelled, and goes on later where it stopped"
    bl_options = {"REGISTER"}

    engine: StringProperty(
        name="Engine",
        description="The engine whose models are downloaded; left empty, the one that is chosen in the panel AI Models",
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return poll_own_models(cls)

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...app.models import setup_plan
        from ...app.outcome import follow_setup

        owner = extension()
        try:
            if self.engine:
                self._choose(context)
            owner.setup.start(setup_plan(context, owner))
        except Img23DError as error:
            return owner.refuse(self, error)
        return follow_setup(self, owner)

    def _choose(self, context: bpy.types.Context) -> None:
        from ...shared.img23d_protocol.errors.codes import ErrorCode

        if not any(one.id == self.engine for one in SET_UP):
            raise Img23DError(ErrorCode.ENGINE_UNKNOWN, _("There are no models to download for “{engine}”.").format(engine=self.engine))
        preferences_of(context).set_up_for(self.engine)


class IMG23D_OT_go_on(bpy.types.Operator):
    bl_idname = "img23d.go_on"
    bl_label = "Img23D: Go On with the Set-Up"
    bl_description = "Begin once more what failed; what is there already is kept"
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not poll_own_models(cls):
            return False
        cls.poll_message_set(_("No set-up has failed"))
        owner = extension_or_none()
        return owner is not None and bool(owner.setup.failure)

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...app.outcome import follow_setup

        owner = extension()
        try:
            owner.setup.go_on()
        except Img23DError as error:
            return owner.refuse(self, error)
        return follow_setup(self, owner)


class IMG23D_OT_cancel_setup(bpy.types.Operator):
    bl_idname = "img23d.cancel_setup"
    bl_label = "Img23D: Cancel the Set-Up"
    bl_description = "Stop the set-up; what is downloaded already is kept, and the next set-up goes on there"
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        cls.poll_message_set(_("No set-up is running"))
        owner = extension_or_none()
        return owner is not None and owner.setup.is_running

    def execute(self, context: bpy.types.Context) -> set[str]:
        owner = extension()
        owner.setup.cancel()
        owner.pump.wake()
        return {"FINISHED"}


class _AboutLicence:
    """What the operators of an answer share."""

    licence: StringProperty(name="Licence", description="Which licence it is about", default=TENCENT_LICENCE, options={"SKIP_SAVE"})

    def _known(self) -> str:
        if not any(one.id == self.licence for one in LICENCES):
            raise bad_request(_("There is no licence called “{name}”.").format(name=self.licence))
        return self.licence


class IMG23D_OT_accept_licence(_AboutLicence, bpy.types.Operator):
    bl_idname = "img23d.accept_licence"
    bl_label = "Img23D: Accept a Licence"
    bl_description = "Say that you have read and accept the licence of AI models. The answer is kept in the preferences and can be withdrawn there"
    bl_options = {"REGISTER"}

    @classmethod
    def description(cls, context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        notice = next((one.notice for one in LICENCES if one.id == properties.licence), "")
        return f"{_(cls.bl_description)}. {_(notice)}".removesuffix(".").rstrip()

    def execute(self, context: bpy.types.Context) -> set[str]:
        owner = extension()
        try:
            preferences_of(context).accept(self._known())
        except Img23DError as error:
            return owner.refuse(self, error)
        owner.refusal = ""
        owner.pump.is_stale = True
        owner.pump.wake()
        return {"FINISHED"}


class IMG23D_OT_withdraw_licence(_AboutLicence, bpy.types.Operator):
    bl_idname = "img23d.withdraw_licence"
    bl_label = "Img23D: Withdraw the Answer to a Licence"
    bl_description = "Take your answer back; no model under this licence is downloaded until you have accepted it again"
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        cls.poll_message_set(_("The question was not answered yet"))
        return bool(preferences_of(context).accepted)

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            preferences_of(context).accept(self._known(), answer=False)
        except Img23DError as error:
            return extension().refuse(self, error)
        extension().pump.is_stale = True
        return {"FINISHED"}


class IMG23D_OT_refresh_models(bpy.types.Operator):
    bl_idname = "img23d.refresh_models"
    bl_label = "Img23D: Look Again at Models and Devices"
    bl_description = "Look again at what is downloaded, and at which devices this machine has"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return poll_no_setup(cls) and poll_idle(cls)

    def execute(self, context: bpy.types.Context) -> set[str]:
        owner = extension()
        try:
            owner.session.inspect()
        except Img23DError as error:
            return owner.refuse(self, error)
        owner.refusal = ""
        owner.pump.is_stale = True
        owner.pump.wake()
        return {"FINISHED"}


class IMG23D_OT_open_models_folder(bpy.types.Operator):
    bl_idname = "img23d.open_models_folder"
    bl_label = "Img23D: Open Folder of the Models"
    bl_description = "Open the folder that the downloaded models lie in"

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...scene.file.folders import models_folder
        from ...shared.img23d_protocol.errors.codes import ErrorCode

        folder = models_folder(context)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            sentence = _("The folder “{folder}” cannot be made: choose another one in the preferences.").format(folder=folder)
            return extension().refuse(self, Img23DError(ErrorCode.FOLDER_UNWRITABLE, sentence, str(error)))
        bpy.ops.wm.path_open(filepath=str(folder))
        return {"FINISHED"}


class IMG23D_OT_hide_first_run(bpy.types.Operator):
    bl_idname = "img23d.hide_first_run"
    bl_label = "Img23D: Close the Line About AI Models"
    bl_description = "Do not tell about the AI models at the top of the tab any more; their panel below stays"
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        cls.poll_message_set(_("It is closed already"))
        return not preferences_of(context).knows_models

    def execute(self, context: bpy.types.Context) -> set[str]:
        preferences_of(context).knows_models = True
        context.preferences.is_dirty = True  # Blender then saves it as it saves every other preference
        return {"FINISHED"}


CLASSES = (
    IMG23D_OT_hide_first_run,
    IMG23D_OT_setup,
    IMG23D_OT_go_on,
    IMG23D_OT_cancel_setup,
    IMG23D_OT_accept_licence,
    IMG23D_OT_withdraw_licence,
    IMG23D_OT_refresh_models,
    IMG23D_OT_open_models_folder,
)
